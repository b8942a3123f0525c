{{/* Parts of the control plane's pods. Each takes a dict: root (the chart's scope), component, and what it names. */}}

{{- define "plane.resources" -}}
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

{{- define "plane.securityContext" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: {{ . }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* A controller: name, command, args, ports (a map), admin (its port), live and ready (paths), mounts, resources. */}}
{{- define "plane.controller" -}}
- name: {{ .name }}
  image: {{ .root.Values.controllerImage }}:{{ .root.Values.linkerdVersion }}
  imagePullPolicy: IfNotPresent
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
    {{- include "plane.securityContext" 2103 | nindent 4 }}
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
  imagePullPolicy: IfNotPresent
  {{- if .native }}
  restartPolicy: Always
  {{- end }}
  env:
    - {name: LINKERD2_PROXY_LOG, value: "warn,linkerd=info,hickory=error"}
    - name: LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS
      valueFrom:
        configMapKeyRef: {name: linkerd-identity-trust-roots, key: ca-bundle.crt}
  ports:
    - {name: linkerd-proxy, containerPort: 4143}
    - {name: linkerd-admin, containerPort: 4191}
  {{- include "plane.resources" $values.proxy.resources | nindent 2 }}
  securityContext:
    {{- include "plane.securityContext" 2102 | nindent 4 }}
  volumeMounts:
    - {name: linkerd-identity-end-entity, mountPath: /var/run/linkerd/identity/end-entity}
    - {name: linkerd-identity-token, mountPath: /var/run/secrets/tokens}
{{- end -}}

{{/* The set-up of the packet filter, which runs before a pod. */}}
{{- define "plane.init" -}}
{{- $values := .root.Values }}
- name: linkerd-init
  image: {{ $values.proxy.image.name }}:{{ $values.linkerdVersion }}
  imagePullPolicy: IfNotPresent
  command: [/usr/lib/linkerd/linkerd2-proxy-init]
  args: [--outbound-ports-to-ignore, "443,6443"]
  {{- include "plane.resources" $values.proxy.resources | nindent 2 }}
  securityContext:
    allowPrivilegeEscalation: false
    capabilities: {add: [NET_ADMIN, NET_RAW]}
    readOnlyRootFilesystem: true
    runAsNonRoot: true
    runAsUser: 65534
    runAsGroup: 65534
    seccompProfile: {type: RuntimeDefault}
  volumeMounts:
    - {name: linkerd-proxy-init-xtables-lock, mountPath: /run}
{{- end -}}

{{- define "plane.volumes" -}}
- name: kube-api-access
  projected:
    sources:
      - serviceAccountToken: {expirationSeconds: 3607, path: token}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
- {name: linkerd-proxy-init-xtables-lock, emptyDir: {}}
- name: linkerd-identity-token
  projected:
    sources:
      - serviceAccountToken: {audience: identity.l5d.io, expirationSeconds: 86400, path: linkerd-identity-token}
- {name: linkerd-identity-end-entity, emptyDir: {medium: Memory}}
{{- end -}}
