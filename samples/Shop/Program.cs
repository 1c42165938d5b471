using FederationNode.Detector;
using FederationNode.Shop;

// A shop that holds listings for review:
// dotnet run --project samples/Shop -- --Federation:Nodes:0=http://127.0.0.1:7480 --Federation:KeyFile=acme/api-keys/detector.key
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddFederationDetector(options =>
{
    options.Replica = new ReplicaOptions();
    builder.Configuration.GetSection("Federation").Bind(options);
});
builder.Services.AddHealthChecks().AddFederationReplica();
var app = builder.Build();
app.MapHealthChecks("/health");
app.MapPost("/listings", (Listing listing) => Results.Created($"/listings/{listing.Id}", new { listing.Id, state = "on sale" }))
    .AddEndpointFilter<HoldForReview>();
await app.RunAsync();
