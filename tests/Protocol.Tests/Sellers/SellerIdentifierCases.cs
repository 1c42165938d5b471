using System.Text.Json;
using FederationNode.TestSupport;

namespace FederationNode.Protocol.Tests.Sellers;

/// <summary>One row of the table: what goes in, and the canonical text or the reason for the refusal.</summary>
/// <param name="Type">The identifier type's name.</param>
/// <param name="Region">The account's region, if any.</param>
/// <param name="Raw">What the company has on record.</param>
/// <param name="Canonical">The canonical text, or null if the row is refused.</param>
/// <param name="Reason">For a refusal, the error.</param>
public sealed record SellerIdentifierCase(string Type, string? Region, string Raw, string? Canonical, string? Reason);

/// <summary>The accept and reject table of wl-seller/v1, tests/vectors/sellers.</summary>
public static class SellerIdentifierCases
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static IReadOnlyList<SellerIdentifierCase> All { get; } =
        JsonSerializer.Deserialize<SellerIdentifierCase[]>(
            File.ReadAllBytes(TestFiles.Vector("sellers", "cases.json")), Options)!;
}
