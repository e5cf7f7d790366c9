{{/*
What every series says of where it comes from: job, and the service that the rules and dashboards ask for.
Workers are deployed by class of queues (lectern-threads-reports); their service is threads-worker, the class is `component`.
*/}}
{{- define "monitoring.relabelings" -}}
- targetLabel: job
  replacement: lectern
- sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_name]
  regex: {{ .Values.prefix }}-(.+)
  targetLabel: component
- sourceLabels: [component]
  targetLabel: service
- sourceLabels: [__meta_kubernetes_pod_container_name, component]
  regex: worker;([a-z]+)-.+
  targetLabel: service
  replacement: $1-worker
{{- end }}
