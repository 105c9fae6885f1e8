// A provider on HashiCorp's plugin framework (protocol version 6), with one resource that has all that a resource can have.
// Its objects are nowhere but in the state, so that two engines can be compared without a cloud.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return &modern{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/example/modern"})
	if err != nil {
		log.Fatal(err)
	}
}

type modern struct{ prefix string }

var _ provider.ProviderWithFunctions = &modern{}
var _ provider.ProviderWithEphemeralResources = &modern{}

func (p *modern) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "modern"
}

func (p *modern) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"prefix": schema.StringAttribute{Optional: true},
	}}
}

func (p *modern) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config struct {
		Prefix types.String `tfsdk:"prefix"`
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	prefix := config.Prefix.ValueString()
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = prefix, prefix, prefix
}

func (p *modern) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &thing{} },
		func() resource.Resource { return &heir{} },
	}
}

func (p *modern) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &lookup{} }}
}

func (p *modern) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return &token{} }}
}

func (p *modern) Functions(context.Context) []func() function.Function {
	return []func() function.Function{func() function.Function { return &join{} }}
}
