{{/*
What `helm test` asks: one pod that ends by itself, and just the arrow that it needs.
Takes {root, name, port, command}: the component that is asked, at its port.
*/}}
{{- define "lectern.test" -}}
{{- $it := dict "root" .root "name" (printf "%s-test" .name) -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "lectern.name" $it }}
  labels:
    {{- include "lectern.labels" $it | nindent 4 }}
    {{- with .root.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    {{- with .root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    helm.sh/hook: test
    checkov.io/skip1: CKV_K8S_8=It ends by itself.
    checkov.io/skip2: CKV_K8S_9=Nothing is sent to it.
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  {{- include "lectern.podSettings" (dict "root" .root "name" .name) | nindent 2 }}
  restartPolicy: Never
  containers:
    - name: health
      image: {{ include "lectern.image" (dict "root" .root "image" .root.Values.image) }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command: {{ .command | toJson }}
      securityContext:
        {{- include "lectern.containerSecurity" . | nindent 8 }}
      resources:
        requests: {cpu: 50m, memory: 64Mi}
        limits: {cpu: 500m, memory: 256Mi}
{{- if .root.Values.networkPolicy.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "lectern.name" $it }}
  labels:
    {{- include "lectern.labels" $it | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "lectern.selector" $it | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "lectern.dns" . | nindent 4 }}
    - to:
        - podSelector:
            matchLabels:
              {{- include "lectern.selector" (dict "root" .root "name" .name) | nindent 14 }}
      ports:
        - {port: {{ .port }}, protocol: TCP}
{{- end }}
{{- end }}
