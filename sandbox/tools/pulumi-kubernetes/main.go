// Command pulumi-resource-kubernetes serves Pulumi's Kubernetes provider from its Go module.
package main

import "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"

// Version is set by the linker: the engine compares it with the version that the program's SDK asks for.
var Version string

func main() {
	// The engine reads neither the schema of the resources nor the mapping from Terraform at run time.
	schema := []byte(`{"name":"kubernetes","version":"` + Version + `"}`)
	provider.Serve("kubernetes", Version, schema, []byte("{}"))
}
