// A double of the Gateway API plugin of Argo Rollouts, for tests without it: it changes the same fields of a HTTPRoute.
package main

import (
	"context"
	"encoding/json"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/rpc"
	"github.com/argoproj/argo-rollouts/utils/plugin/types"
	"github.com/hashicorp/go-plugin"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/retry"
)

const (
	pluginName      = "argoproj-labs/gatewayAPI"
	inProgressLabel = "rollouts.argoproj.io/gatewayapi-canary"
	whole           = 100
)

var routes = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "httproutes"}

// double moves weights; everything else that a traffic router may do, it does not.
type double struct{ client dynamic.Interface }

// configuration is what a Rollout says to the plugin, as far as the double reads it.
type configuration struct {
	HTTPRoute              string `json:"httpRoute"`
	Namespace              string `json:"namespace"`
	DisableInProgressLabel bool   `json:"disableInProgressLabel"`
}

func (d *double) InitPlugin() types.RpcError {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err == nil {
		d.client, err = dynamic.NewForConfig(config)
	}
	return answer(err)
}

// SetWeight gives the canary's backends their share, and marks the route while that is not zero.
func (d *double) SetWeight(rollout *v1alpha1.Rollout, weight int32, _ []v1alpha1.WeightDestination) types.RpcError {
	canary := rollout.Spec.Strategy.Canary
	config := configuration{Namespace: rollout.Namespace}
	if err := json.Unmarshal(canary.TrafficRouting.Plugins[pluginName], &config); err != nil {
		return answer(err)
	}
	weights := map[string]int64{canary.CanaryService: int64(weight), canary.StableService: int64(whole - weight)}
	client := d.client.Resource(routes).Namespace(config.Namespace)
	return answer(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		route, err := client.Get(context.Background(), config.HTTPRoute, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if err := setWeights(route, weights); err != nil {
			return err
		}
		if !config.DisableInProgressLabel {
			setLabel(route, weight)
		}
		_, err = client.Update(context.Background(), route, metav1.UpdateOptions{})
		return err
	}))
}

func setWeights(route *unstructured.Unstructured, weights map[string]int64) error {
	rules, _, err := unstructured.NestedSlice(route.Object, "spec", "rules")
	for _, rule := range rules {
		backends, _, _ := unstructured.NestedSlice(rule.(map[string]any), "backendRefs")
		for _, backend := range backends {
			fields := backend.(map[string]any)
			if weight, ours := weights[fields["name"].(string)]; ours {
				fields["weight"] = weight
			}
		}
		rule.(map[string]any)["backendRefs"] = backends
	}
	if err != nil {
		return err
	}
	return unstructured.SetNestedSlice(route.Object, rules, "spec", "rules")
}

func setLabel(route *unstructured.Unstructured, weight int32) {
	labels := route.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[inProgressLabel] = "in-progress"
	if weight == 0 {
		delete(labels, inProgressLabel)
	}
	route.SetLabels(labels)
}

func (d *double) UpdateHash(*v1alpha1.Rollout, string, string, []v1alpha1.WeightDestination) types.RpcError {
	return types.RpcError{}
}

func (d *double) SetHeaderRoute(*v1alpha1.Rollout, *v1alpha1.SetHeaderRoute) types.RpcError {
	return types.RpcError{}
}

func (d *double) SetMirrorRoute(*v1alpha1.Rollout, *v1alpha1.SetMirrorRoute) types.RpcError {
	return types.RpcError{}
}

func (d *double) VerifyWeight(
	*v1alpha1.Rollout, int32, []v1alpha1.WeightDestination,
) (types.RpcVerified, types.RpcError) {
	return types.Verified, types.RpcError{}
}

func (d *double) RemoveManagedRoutes(*v1alpha1.Rollout) types.RpcError { return types.RpcError{} }

func (d *double) Type() string { return "GatewayAPI" }

func answer(err error) types.RpcError {
	if err == nil {
		return types.RpcError{}
	}
	return types.RpcError{ErrorString: err.Error()}
}

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 1, MagicCookieKey: "ARGO_ROLLOUTS_RPC_PLUGIN", MagicCookieValue: "trafficrouter",
		},
		Plugins: map[string]plugin.Plugin{"RpcTrafficRouterPlugin": &rpc.RpcTrafficRouterPlugin{Impl: &double{}}},
	})
}
