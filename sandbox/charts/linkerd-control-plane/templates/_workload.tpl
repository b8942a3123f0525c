{{/*
A Deployment of the control plane with its disruption budget. Takes a dict: root, component, containers and volumes
(rendered lists), annotations (of the pods), native (whether the proxy is a native sidecar).
*/}}
{{- define "plane.deployment" -}}
{{- $values := .root.Values }}
{{- $name := printf "linkerd-%s" .component }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace }}
  annotations:
    {{- include "plane.annotations" . | nindent 4 }}
  labels:
    app.kubernetes.io/name: {{ .component }}
    app.kubernetes.io/part-of: Linkerd
    app.kubernetes.io/version: {{ $values.linkerdVersion }}
    {{- include "plane.labels" . | nindent 4 }}
spec:
  replicas: {{ $values.controllerReplicas }}
  revisionHistoryLimit: 10
  selector:
    matchLabels:
      {{- include "plane.selector" . | nindent 6 }}
  {{- with $values.deploymentStrategy }}
  strategy:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  template:
    metadata:
      annotations:
        {{- include "plane.annotations" . | nindent 8 }}
        cluster-autoscaler.kubernetes.io/safe-to-evict: "true"
        config.linkerd.io/default-inbound-policy: all-unauthenticated
        linkerd.io/proxy-version: {{ $values.linkerdVersion }}
        linkerd.io/trust-root-sha256: {{ "" | sha256sum }}
        {{- with .annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      labels:
        linkerd.io/control-plane-component: {{ .component }}
        linkerd.io/control-plane-ns: {{ .root.Release.Namespace }}
        linkerd.io/workload-ns: {{ .root.Release.Namespace }}
        linkerd.io/proxy-deployment: {{ $name }}
    spec:
      automountServiceAccountToken: false
      serviceAccountName: {{ $name }}
      securityContext: {seccompProfile: {type: RuntimeDefault}}
      nodeSelector: {kubernetes.io/os: linux}
      {{- if $values.enablePodAntiAffinity }}
      {{- $pods := dict "matchExpressions" (list (dict "key" "linkerd.io/control-plane-component" "operator" "In" "values" (list .component))) }}
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm: {labelSelector: {{ toJson $pods }}, topologyKey: topology.kubernetes.io/zone}
          requiredDuringSchedulingIgnoredDuringExecution:
            - {labelSelector: {{ toJson $pods }}, topologyKey: kubernetes.io/hostname}
      {{- end }}
      initContainers:
        {{- include "plane.init" . | nindent 8 }}
        {{- if .native }}
        {{- include "plane.proxy" . | nindent 8 }}
        {{- end }}
      containers:
        {{- if not .native }}
        {{- include "plane.proxy" . | nindent 8 }}
        {{- end }}
        {{- .containers | nindent 8 }}
      volumes:
        {{- .volumes | nindent 8 }}
        {{- include "plane.volumes" . | nindent 8 }}
{{- if $values.enablePodDisruptionBudget }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- $budget := eq .component "destination" | ternary "linkerd-dst" $name }}
  {{- include "plane.metadata" (merge (dict "name" $budget) .) | nindent 2 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      linkerd.io/control-plane-component: {{ .component }}
{{- end }}
{{- end -}}

{{/* A Service: name, component, port, target, portName, headless. */}}
{{- define "plane.service" }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "plane.metadata" . | nindent 2 }}
    {{- with .annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- if .headless }}
  clusterIP: None
  {{- else }}
  type: ClusterIP
  {{- end }}
  selector:
    linkerd.io/control-plane-component: {{ .component }}
  ports:
    - {name: {{ .portName }}, port: {{ .port }}, targetPort: {{ .target }}}
{{- end -}}
