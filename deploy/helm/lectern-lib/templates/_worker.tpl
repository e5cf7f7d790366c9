{{/*
Workers of a service for a class of queues: a Deployment that KEDA scales by the backlog.
Takes {root, name, settings, module, queues, env, calls}.
*/}}
{{- define "lectern.worker" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
  annotations:
    checkov.io/skip1: CKV_K8S_9=Nothing is sent to workers; they fetch what they are ready for.
spec:
  {{- if not .settings.scaling.enabled }}
  replicas: {{ .settings.replicas }}
  {{- end }}
  minReadySeconds: 5
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      {{- include "lectern.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "lectern.podLabels" . | nindent 8 }}
      annotations:
        {{- $scraped := dict "prometheus.io/scrape" "true" "prometheus.io/port" "9464" }}
        {{- include "lectern.podAnnotations" (dict "root" .root "own" $scraped) | nindent 8 }}
    spec:
      {{- include "lectern.podSettings" . | nindent 6 }}
      # What is not done by then is handed back, and goes on elsewhere from its last step.
      terminationGracePeriodSeconds: {{ add .settings.drainSeconds 15 }}
      containers:
        - name: worker
          image: {{ include "lectern.image" (dict "root" .root "image" .root.Values.image) }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [python, -m, {{ .module }}]
          ports:
            - name: metrics
              containerPort: 9464
          {{- $own := dict "LECTERN_WORKER_QUEUES" (.queues | join ",") "LECTERN_DRAIN_SECONDS" .settings.drainSeconds "LECTERN_METRICS_LISTEN" "0.0.0.0:9464" "LECTERN_HEALTH_FILE" "/tmp/lectern-alive" }}
          {{- include "lectern.environment" (dict "root" .root "env" (merge (.env | default dict) $own)) | nindent 10 }}
          livenessProbe:
            # The event loop touches the file; a busy node may need long to start even this question.
            exec:
              command: [python, -m, kit.healthcheck]
            initialDelaySeconds: 60
            periodSeconds: 30
            timeoutSeconds: 20
            failureThreshold: 6
          securityContext:
            {{- include "lectern.containerSecurity" . | nindent 12 }}
          resources:
            {{- toYaml .settings.resources | nindent 12 }}
          {{- include "lectern.mounts" . | nindent 10 }}
      {{- include "lectern.volumes" . | nindent 6 }}
---
{{ include "lectern.guards" . }}
{{- if .settings.scaling.enabled }}
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
spec:
  secretTargetRef:
    - parameter: connectionString
      name: {{ include "lectern.secretName" .root }}
      key: MONGODB_URI
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "lectern.name" . }}
  labels:
    {{- include "lectern.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    name: {{ include "lectern.name" . }}
  minReplicaCount: {{ .settings.scaling.min }}
  maxReplicaCount: {{ include "lectern.workersAtMost" . }}
  pollingInterval: 15
  cooldownPeriod: 300
  triggers:
    # What waits asks for more workers. What runs keeps those that there are: a job's worker is not taken away under it.
    - type: mongodb
      metadata:
        dbName: jobs
        collection: jobs
        query: '{"queue": {"$in": {{ .queues | toJson }}}, "state": "queued", "delayed": false}'
        queryValue: {{ .settings.scaling.backlogPerWorker | quote }}
      authenticationRef:
        name: {{ include "lectern.name" . }}
    {{- $known := include "lectern.queues" . | fromYaml }}
    {{- range .queues }}
    - type: mongodb
      metadata:
        dbName: jobs
        collection: jobs
        query: '{"queue": {{ . | quote }}, "state": "running"}'
        queryValue: {{ (index $known .).perWorker | quote }}
      authenticationRef:
        name: {{ include "lectern.name" $ }}
    {{- end }}
    {{- include "lectern.resourceTriggers" .settings.scaling | nindent 4 }}
{{- end }}
{{- end }}

{{/* The classes of workers with their settings: those of the values, or `workers` for all queues together. */}}
{{- define "lectern.workerClasses" -}}
{{- if .Values.joinedWorkers.enabled -}}
{{- dict "workers" (merge (dict "scaling" (dict "enabled" false)) (omit .Values.joinedWorkers "enabled")) | toYaml }}
{{- else -}}
{{- .Values.workers | toYaml }}
{{- end -}}
{{- end }}

{{/* Takes `scaling`: KEDA's triggers by processor and memory, where these are named; it refuses one of 0. */}}
{{- define "lectern.resourceTriggers" -}}
{{- range $resource, $percent := dict "cpu" .cpuPercent "memory" .memoryPercent }}
{{- if $percent }}
- type: {{ $resource }}
  metricType: Utilization
  metadata:
    value: {{ $percent | quote }}
{{- end }}
{{- end }}
{{- end }}
