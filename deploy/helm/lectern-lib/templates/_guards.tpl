{{/*
Takes {root, name, callers, calls, ports}: identity, disruption budget, and the arrows of the architecture. What is `open`
takes calls of `networkPolicy.clients`; of everybody where that is empty, since a block of addresses is not pods everywhere.
*/}}
{{- define "lectern.guards" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
  {{- with .root.Values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: {{ .root.Values.serviceAccount.automount }}
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
    - ports:
        {{- range $port, $number := .ports }}
        - {port: {{ $number }}, protocol: TCP}
        {{- end }}
      {{- $clients := ternary .root.Values.networkPolicy.clients dict (.open | default false) }}
      {{- if or .callers $clients }}
      from:
        {{- range .callers }}
        - podSelector:
            matchLabels:
              {{- include "lectern.selector" (dict "root" $.root "name" .) | nindent 14 }}
        {{- end }}
        {{- with $clients }}
        - {{ toYaml . | nindent 10 | trim }}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- if .test }}
    - from:
        - podSelector:
            matchLabels:
              {{- include "lectern.selector" (dict "root" .root "name" (printf "%s-test" .name)) | nindent 14 }}
      ports:
        - {port: {{ .test }}, protocol: TCP}
    {{- end }}
    {{- if or .queues .metrics (hasKey (.ports | default dict) "grpc") }}
    - from:
        - {{ toYaml .root.Values.networkPolicy.monitoring | nindent 10 | trim }}
      ports:
        - {port: 9464, protocol: TCP}
    {{- end }}
  egress:
    {{- include "lectern.dns" . | nindent 4 }}
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

{{/* Names are looked up at the cluster's DNS, which may be a cache on the node itself. */}}
{{- define "lectern.dns" -}}
- to:
    - namespaceSelector: {}
    - ipBlock: {cidr: 169.254.20.10/32}
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{/* The secret of a chart's processes, from a store of secrets; else it is expected to be there. */}}
{{- define "lectern.externalSecret" -}}
{{- if .Values.secrets.external.enabled }}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ include "lectern.secretName" . }}
  labels:
    {{- include "lectern.labels" (dict "root" . "name" .Chart.Name) | nindent 4 }}
spec:
  refreshInterval: 1h
  secretStoreRef:
    {{- toYaml .Values.secrets.external.store | nindent 4 }}
  target:
    name: {{ include "lectern.secretName" . }}
  dataFrom:
    - extract:
        key: {{ .Values.secrets.external.key }}
{{- end }}
{{- end }}
