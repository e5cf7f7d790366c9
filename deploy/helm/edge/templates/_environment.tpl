{{/* What `python -m deploy.envoy` reads. */}}
{{- define "edge.environment" -}}
{{- $ports := dict "gateway" 50051 "gatewayHttp" 8081 "threads" 50052 "context" 50053 "inference" 50054 -}}
{{- range $service, $port := $ports }}
{{- $name := regexReplaceAll "Http$" $service "" }}
- name: LECTERN_{{ $service | snakecase | upper }}_TARGET
  value: {{ index $.Values.upstreams $service | default (include "lectern.target" (dict "root" $ "name" $name "port" $port)) | quote }}
{{- end }}
- name: LECTERN_EDGE_LISTEN
  value: "0.0.0.0:8080"
- name: LECTERN_EDGE_METRICS_LISTEN
  value: "0.0.0.0:9464"
- name: LECTERN_EDGE_DESCRIPTORS
  value: /etc/envoy/descriptors.binpb
{{- if dig "limits" "memory" "" .Values.edge.resources }}
- name: LECTERN_EDGE_MEMORY_BYTES
  valueFrom:
    resourceFieldRef: {containerName: envoy, resource: limits.memory}
{{- end }}
- name: LECTERN_EDGE_TRUSTED_HOPS
  value: {{ .Values.trustedHops | quote }}
- name: LECTERN_EDGE_CALLS_PER_ADDRESS
  value: {{ int .Values.addressCallsPerMinute | quote }}
- name: LECTERN_CORS_ORIGINS
  value: {{ .Values.corsOrigins | join "," | quote }}
- name: LECTERN_JWT_JWKS_URL
  value: {{ .Values.jwt.jwksUrl | quote }}
{{- if not .Values.jwt.jwksUrl }}
- name: LECTERN_JWT_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ include "lectern.secretName" . }}
      key: LECTERN_JWT_SECRET
{{- end }}
- name: LECTERN_JWT_ISSUER
  value: {{ .Values.jwt.issuer | quote }}
- name: LECTERN_JWT_AUDIENCE
  value: {{ .Values.jwt.audience | quote }}
{{- with .Values.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- if .Values.mtls.enabled }}
- name: LECTERN_TLS_CERTIFICATE
  value: /etc/lectern/tls/tls.crt
- name: LECTERN_TLS_PRIVATE_KEY
  value: /etc/lectern/tls/tls.key
- name: LECTERN_TLS_AUTHORITY
  value: /etc/lectern/tls/ca.crt
{{- end }}
{{- end }}
