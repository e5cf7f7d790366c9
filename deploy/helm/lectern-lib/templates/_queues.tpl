{{/* Jobs at once over the fleet, and in a worker; a test holds this to kit/jobs/policies.py. */}}
{{- define "lectern.queues" -}}
titles: {atOnce: 32, perWorker: 8}
analytics: {atOnce: 32, perWorker: 8}
turns: {atOnce: 10, perWorker: 10}
reports: {atOnce: 5, perWorker: 5}
documents: {atOnce: 300, perWorker: 3}
quizzes: {atOnce: 8, perWorker: 4}
courses: {atOnce: 4, perWorker: 2}
preloads: {atOnce: 4, perWorker: 2}
insights: {atOnce: 2, perWorker: 1}
retention: {atOnce: 1, perWorker: 1}
webhooks: {atOnce: 32, perWorker: 8}
{{- end }}

{{/* Takes {settings, queues}: as many workers as find work, however much waits: more than a queue's limit employs would idle. */}}
{{- define "lectern.workersAtMost" -}}
{{- $known := include "lectern.queues" . | fromYaml -}}
{{- $employed := 1 -}}
{{- range $queue := .queues -}}
{{- $limits := index $known $queue -}}
{{- $atOnce := index $.settings.scaling.jobsAtOnce $queue | default $limits.atOnce -}}
{{- $employed = max $employed (divf $atOnce $limits.perWorker | ceil) -}}
{{- end -}}
{{- max .settings.scaling.min (min .settings.scaling.max $employed) -}}
{{- end }}
