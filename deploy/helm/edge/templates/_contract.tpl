{{/* The gRPC services that the edge serves, a line each; a test holds them to the contract. */}}
{{- define "edge.grpcServices" -}}
lectern.chat.v1.ChatService
lectern.context.v1.CourseService
lectern.context.v1.DocumentService
lectern.context.v1.OutlineService
lectern.context.v1.QuizService
lectern.inference.v1.BudgetService
lectern.inference.v1.ProviderService
lectern.inference.v1.UsageService
lectern.jobs.v1.JobService
lectern.jobs.v1.QueueService
lectern.jobs.v1.WebhookService
lectern.jobs.v1.WorkerService
lectern.ops.v1.HealthService
lectern.ops.v1.StatsService
lectern.threads.v1.InsightService
lectern.threads.v1.ReportService
lectern.threads.v1.ThreadService
lectern.threads.v1.UserService
grpc.health.v1.Health
grpc.reflection.v1.ServerReflection
grpc.reflection.v1alpha.ServerReflection
{{- end }}
