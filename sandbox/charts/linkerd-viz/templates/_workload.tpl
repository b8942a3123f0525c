{{/* What a container may take: resources in Linkerd's shape. */}}
{{- define "viz.resources" -}}
{{- $given := . | default dict }}
{{- $found := dict }}
{{- range $bound, $section := dict "limit" "limits" "request" "requests" }}
{{- $amounts := dict }}
{{- range $resource := list "cpu" "memory" }}
{{- with dig $resource $bound "" $given }}{{- $_ := set $amounts $resource (toString .) }}{{- end }}
{{- end }}
{{- if $amounts }}{{- $_ := set $found $section $amounts }}{{- end }}
{{- end }}
{{- with $found }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
A Deployment of one container. Takes a dict: root, component, image, args (a list), ports (a map), admin (the port of
its probes), live and ready (their paths), settings (the component's values), uid and gid, annotations (of the pods),
volumes and mounts (lists).
*/}}
{{- define "viz.deployment" }}
{{- $values := .root.Values }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .component }}
  namespace: {{ .root.Release.Namespace }}
  annotations:
    {{- include "viz.annotations" . | nindent 4 }}
    linkerd.io/inject: enabled
    config.linkerd.io/proxy-await: enabled
  labels:
    app.kubernetes.io/name: {{ .component }}
    app.kubernetes.io/part-of: Linkerd
    {{- include "viz.labels" . | nindent 4 }}
spec:
  replicas: {{ dig "replicas" 1 .settings }}
  revisionHistoryLimit: 10
  selector:
    matchLabels:
      {{- include "viz.selector" . | nindent 6 }}
  {{- if and $values.enablePodAntiAffinity (has .component (list "tap" "tap-injector")) }}
  strategy:
    rollingUpdate: {maxUnavailable: 1}
  {{- end }}
  template:
    metadata:
      annotations:
        {{- include "viz.annotations" . | nindent 8 }}
        linkerd.io/inject: enabled
        config.alpha.linkerd.io/proxy-wait-before-exit-seconds: "0"
        {{- with merge .annotations $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      labels:
        {{- include "viz.selector" . | nindent 8 }}
        {{- if eq .component "tap-injector" }}
        linkerd.io/extension: viz
        {{- end }}
    spec:
      automountServiceAccountToken: false
      serviceAccountName: {{ .component }}
      securityContext:
        seccompProfile: {type: RuntimeDefault}
        {{- if eq .component "prometheus" }}
        fsGroup: {{ .gid }}
        {{- end }}
      nodeSelector: {kubernetes.io/os: linux}
      {{- if and $values.enablePodAntiAffinity (ne .component "prometheus") }}
      {{- $pods := dict "matchExpressions" (list (dict "key" "component" "operator" "In" "values" (list .component))) }}
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm: {labelSelector: {{ toJson $pods }}, topologyKey: topology.kubernetes.io/zone}
          requiredDuringSchedulingIgnoredDuringExecution:
            - {labelSelector: {{ toJson $pods }}, topologyKey: kubernetes.io/hostname}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ .image }}
          imagePullPolicy: IfNotPresent
          args:
            {{- toYaml .args | nindent 12 }}
          ports:
            {{- range $name, $port := .ports }}
            - {name: {{ $name }}, containerPort: {{ $port }}}
            {{- end }}
          livenessProbe:
            httpGet: {path: {{ .live }}, port: {{ .admin }}}
            initialDelaySeconds: 10
          readinessProbe:
            httpGet: {path: {{ .ready }}, port: {{ .admin }}}
            failureThreshold: 7
          {{- include "viz.resources" .settings.resources | nindent 10 }}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
            readOnlyRootFilesystem: true
            runAsNonRoot: true
            runAsUser: {{ .uid }}
            runAsGroup: {{ .gid }}
            seccompProfile: {type: RuntimeDefault}
          volumeMounts:
            {{- with .mounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
            - {name: kube-api-access, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
      volumes:
        {{- with .volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        - name: kube-api-access
          projected:
            sources:
              - serviceAccountToken: {expirationSeconds: 3607, path: token}
              - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
{{- if and $values.enablePodDisruptionBudget (gt (int (dig "replicas" 1 .settings)) 1) }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "viz.metadata" (merge (dict "name" .component) .) | nindent 2 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {linkerd.io/extension: viz, component: {{ .component }}}
{{- end }}
{{- end -}}

{{/* A Service: component and ports (a list of name, port, targetPort). */}}
{{- define "viz.service" }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "viz.metadata" (merge (dict "name" .component) .) | nindent 2 }}
    linkerd.io/inject: enabled
spec:
  type: ClusterIP
  selector: {linkerd.io/extension: viz, component: {{ .component }}}
  ports:
    {{- toYaml .servicePorts | nindent 4 }}
{{- end -}}
