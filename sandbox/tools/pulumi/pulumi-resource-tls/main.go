// Command pulumi-resource-tls serves the Terraform provider tls through Pulumi's bridge, as Pulumi's plugin does.
package main

import (
	"context"
	"os"

	"github.com/hashicorp/terraform-provider-tls/internal/provider"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/info"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
)

// Version is set by the linker: the engine compares it with the version that the program's SDK asks for.
var Version string

func main() {
	described := info.Provider{
		P:                              tfbridge.ShimProvider(provider.New()),
		Name:                           "tls",
		Version:                        Version,
		MetadataInfo:                   info.NewProviderMetadata([]byte("{}")),
		EnableAccurateBridgePreview:    true,
		EnableZeroDefaultSchemaVersion: true,
	}
	described.MustComputeTokens(tokens.SingleModule("tls_", "index", tokens.MakeStandard("tls")))
	// Standard output is the engine's: a plugin prints its port there and nothing else.
	sink := diag.DefaultSink(os.Stderr, os.Stderr, diag.FormatOptions{Color: colors.Never})
	generated, err := tfgen.GenerateSchema(context.Background(), tfgen.GenerateSchemaOptions{
		ProviderInfo: described, DiagnosticsSink: sink, XInMemoryDocs: true,
	})
	if err != nil {
		cmdutil.ExitError(err.Error())
	}
	schema := tfbridge.ProviderMetadata{PackageSchema: generated.ProviderMetadata.PackageSchema}
	tfbridge.Main(context.Background(), "tls", described, schema)
}
