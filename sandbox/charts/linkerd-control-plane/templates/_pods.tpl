{{/* Parts of the control plane's pods. Each takes a dict: root (the chart's scope), component, and what it names. */}}

{{- define "plane.resources" -}}
{{- $given := . | default dict }}
{{- $found := dict }}
{{- range $bound, $section := dict "limit" "limits" "request" "requests" }}
{{- $amounts := dict }}
{{- range $resource := list "cpu" "memory" "ephemeral-storage" }}
{{- with dig $resource $bound "" $given }}{{- $_ := set $amounts $resource (toString .) }}{{- end }}
{{- end }}
{{- if $amounts }}{{- $_ := set $found $section $amounts }}{{- end }}
{{- end }}
{{- with $found }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "plane.securityContext" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: {{ .uid }}
{{- if ge (int .gid) 0 }}
runAsGroup: {{ .gid }}
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* A controller: name, command, args, ports (a map), admin (its port), live and ready (paths), mounts, resources. */}}
{{- define "plane.controller" -}}
- name: {{ .name }}
  image: {{ .root.Values.controllerImage }}:{{ .root.Values.linkerdVersion }}
  imagePullPolicy: {{ .root.Values.imagePullPolicy }}
  {{- with .command }}
  command: {{ toJson . }}
  {{- end }}
  args:
    {{- toYaml .args | nindent 4 }}
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
  {{- include "plane.resources" .resources | nindent 2 }}
  securityContext:
    {{- include "plane.securityContext" (dict "uid" .root.Values.controllerUID "gid" .root.Values.controllerGID) | nindent 4 }}
  volumeMounts:
    {{- range $volume, $path := .mounts }}
    - {name: {{ $volume }}, mountPath: {{ $path }}, readOnly: {{ hasSuffix "tls" $volume }}}
    {{- end }}
    - {name: kube-api-access, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end -}}

{{/* The proxy of a control plane pod; it takes the trust anchors from the ConfigMap when the pod starts. */}}
{{- define "plane.proxy" -}}
{{- $values := .root.Values }}
- name: linkerd-proxy
  image: {{ $values.proxy.image.name }}:{{ $values.linkerdVersion }}
  imagePullPolicy: {{ $values.imagePullPolicy }}
  {{- if .native }}
  restartPolicy: Always
  {{- end }}
  env:
    - {name: LINKERD2_PROXY_LOG, value: {{ $values.proxy.logLevel | quote }}}
    - name: LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS
      valueFrom:
        configMapKeyRef: {name: linkerd-identity-trust-roots, key: ca-bundle.crt}
  ports:
    - {name: linkerd-proxy, containerPort: {{ $values.proxy.ports.inbound }}}
    - {name: linkerd-admin, containerPort: {{ $values.proxy.ports.admin }}}
  {{- include "plane.resources" $values.proxy.resources | nindent 2 }}
  securityContext:
    {{- include "plane.securityContext" (dict "uid" $values.proxy.uid "gid" ($values.proxy.gid | default -1)) | nindent 4 }}
  volumeMounts:
    - {name: linkerd-identity-end-entity, mountPath: /var/run/linkerd/identity/end-entity}
    - {name: linkerd-identity-token, mountPath: /var/run/secrets/tokens}
{{- end -}}

{{/* The set-up of the packet filter, which runs before a pod. */}}
{{- define "plane.init" -}}
{{- $values := .root.Values }}
- name: linkerd-init
  image: {{ $values.proxy.image.name }}:{{ $values.linkerdVersion }}
  imagePullPolicy: {{ $values.imagePullPolicy }}
  command: [/usr/lib/linkerd/linkerd2-proxy-init]
  args: [--outbound-ports-to-ignore, {{ $values.proxyInit.kubeAPIServerPorts | quote }}]
  {{- include "plane.resources" $values.proxy.resources | nindent 2 }}
  securityContext:
    allowPrivilegeEscalation: false
    capabilities: {add: [NET_ADMIN, NET_RAW]}
    readOnlyRootFilesystem: true
    runAsNonRoot: true
    runAsUser: {{ $values.proxyInit.runAsUser }}
    runAsGroup: {{ $values.proxyInit.runAsGroup }}
    seccompProfile: {type: RuntimeDefault}
  volumeMounts:
    - {{ toJson $values.proxyInit.xtMountPath }}
{{- end -}}

{{- define "plane.volumes" -}}
{{- $values := .root.Values }}
- name: kube-api-access
  projected:
    sources:
      - serviceAccountToken: {expirationSeconds: 3607, path: token}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
- {name: {{ $values.proxyInit.xtMountPath.name }}, emptyDir: {}}
- name: linkerd-identity-token
  projected:
    sources:
      - serviceAccountToken: {audience: identity.l5d.io, expirationSeconds: 86400, path: linkerd-identity-token}
- {name: linkerd-identity-end-entity, emptyDir: {medium: Memory}}
{{- end -}}
