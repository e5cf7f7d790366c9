{{/*
The job that brings a database to this version, before an upgrade's pods start; many may run, one works.
Takes {root, name, module, account}; `account` is the component whose service account it uses. It has no certificate: it
speaks with MongoDB alone, and runs before an upgrade that brings mTLS would have made one.
*/}}
{{- define "lectern.migrations" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
  annotations:
    # A first install has no database yet where it comes with the release; services create their indexes themselves.
    helm.sh/hook: post-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: 3
  activeDeadlineSeconds: 1800
  template:
    metadata:
      labels:
        {{- include "lectern.podLabels" . | nindent 8 }}
      {{- with .root.Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "lectern.podSettings" (dict "root" .root "name" .account) | nindent 6 }}
      restartPolicy: Never
      containers:
        - name: migrations
          image: {{ include "lectern.image" (dict "root" .root "image" .root.Values.image) }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [python, -m, {{ .module }}]
          {{- include "lectern.environment" (dict "root" .root "env" dict "apart" true) | nindent 10 }}
          securityContext:
            {{- include "lectern.containerSecurity" . | nindent 12 }}
          resources:
            requests: {cpu: 100m, memory: 192Mi}
            limits: {cpu: "1", memory: 512Mi}
          {{- include "lectern.mounts" (dict "root" .root "apart" true) | nindent 10 }}
      {{- include "lectern.volumes" (dict "root" .root "apart" true) | nindent 6 }}
{{- if .root.Values.networkPolicy.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "lectern.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "lectern.dns" . | nindent 4 }}
    {{- range .root.Values.networkPolicy.data }}
    - {{ toYaml . | nindent 6 | trim }}
    {{- end }}
{{- end }}
{{- end }}
