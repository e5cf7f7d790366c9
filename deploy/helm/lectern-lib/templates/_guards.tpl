{{/* Takes {root, name, callers, calls, ports}: identity, disruption budget, and the arrows of the architecture. */}}
{{- define "lectern.guards" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
automountServiceAccountToken: false
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "lectern.selector" . | nindent 6 }}
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
  ingress:
    {{- if and .ports (or .callers .open) }}
    - from:
        {{- range .callers }}
        - podSelector:
            matchLabels:
              {{- include "lectern.selector" (dict "root" $.root "name" .) | nindent 14 }}
        {{- end }}
        {{- if .open }}
        - {{ toYaml $.root.Values.networkPolicy.clients | nindent 10 | trim }}
        {{- end }}
      ports:
        {{- range $port, $number := .ports }}
        - {port: {{ $number }}, protocol: TCP}
        {{- end }}
    {{- end }}
    {{- if or .queues .metrics (hasKey (.ports | default dict) "grpc") }}
    - from:
        - {{ toYaml .root.Values.networkPolicy.monitoring | nindent 10 | trim }}
      ports:
        - {port: 9464, protocol: TCP}
    {{- end }}
  egress:
    - to:
        - namespaceSelector: {}
      ports:
        - {port: 53, protocol: UDP}
        - {port: 53, protocol: TCP}
    {{- range $service, $numbers := .calls }}
    - to:
        - podSelector:
            matchLabels:
              {{- include "lectern.selector" (dict "root" $.root "name" $service) | nindent 14 }}
      ports:
        {{- range $numbers }}
        - {port: {{ . }}, protocol: TCP}
        {{- end }}
    {{- end }}
    {{- range .outside }}
    {{- with index $.root.Values.networkPolicy . }}
    {{- range . }}
    - {{ toYaml . | nindent 6 | trim }}
    {{- end }}
    {{- end }}
    {{- end }}
{{- end }}
{{- if .root.Values.mtls.enabled }}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
spec:
  secretName: {{ include "lectern.name" . }}-tls
  duration: 2160h
  renewBefore: 720h
  privateKey:
    rotationPolicy: Always
  usages: [server auth, client auth]
  dnsNames:
    - {{ include "lectern.name" . }}
    - {{ include "lectern.name" . }}.{{ .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}
  issuerRef:
    {{- toYaml .root.Values.mtls.issuer | nindent 4 }}
{{- end }}
{{- end }}

{{/* The secret that all processes read, from a store of secrets; else it is expected to be there. */}}
{{- define "lectern.externalSecret" -}}
{{- if .Values.secrets.external.enabled }}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ .Values.secrets.name }}
spec:
  refreshInterval: 1h
  secretStoreRef:
    {{- toYaml .Values.secrets.external.store | nindent 4 }}
  target:
    name: {{ .Values.secrets.name }}
  dataFrom:
    - extract:
        key: {{ .Values.secrets.external.key }}
{{- end }}
{{- end }}
