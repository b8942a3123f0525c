{{- define "argo.securityContext" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
readOnlyRootFilesystem: true
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "argo.image" -}}
{{ .Values.global.image.repository }}:{{ .Values.global.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* What every part but Redis itself knows of Redis; a pod that starts before the Secret never learns the password. */}}
{{- define "argo.redisEnvironment" -}}
- name: REDIS_SERVER
  valueFrom:
    configMapKeyRef: {name: argocd-cmd-params-cm, key: redis.server, optional: true}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef: {name: argocd-redis, key: auth, optional: true}
{{- end -}}

{{/* A part's pods: root, part, command, port (name and number), resources, init (rendered), redis (whether it asks it). */}}
{{- define "argo.podTemplate" -}}
metadata:
  annotations:
    checksum/cmd-params: {{ toJson .root.Values.configs.params | sha256sum }}
    checksum/cm: {{ toJson .root.Values.configs.cm | sha256sum }}
    {{- with .root.Values.global.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "argo.labels" . | nindent 4 }}
    {{- with .root.Values.global.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "argo.account" . }}
  nodeSelector:
    {{- toYaml .root.Values.global.nodeSelector | nindent 4 }}
  {{- with .init }}
  initContainers:
    {{- . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .part }}
      image: {{ include "argo.image" .root }}
      imagePullPolicy: {{ .root.Values.global.image.imagePullPolicy }}
      args: [/usr/local/bin/argocd-{{ .part }}]
      {{- if .redis }}
      env:
        {{- include "argo.redisEnvironment" . | nindent 8 }}
      {{- end }}
      ports:
        - {name: {{ .port.name }}, containerPort: {{ .port.number }}}
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        {{- include "argo.securityContext" . | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- if .init }}
        - {name: extensions, mountPath: /tmp/extensions}
        {{- end }}
  volumes:
    - {name: tmp, emptyDir: {}}
    {{- if .init }}
    - {name: extensions, emptyDir: {}}
    {{- end }}
{{- end -}}

{{- define "argo.workloadSpec" -}}
replicas: {{ .replicas }}
revisionHistoryLimit: {{ .root.Values.global.revisionHistoryLimit }}
selector:
  matchLabels:
    {{- include "argo.selector" . | nindent 4 }}
{{- end -}}
