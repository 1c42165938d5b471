using CsvHelper.Configuration.Attributes;

namespace FederationNode.Worker;

/// <summary>A listing of the CSV.</summary>
internal sealed class ListingRow
{
    /// <summary>The platform's own number of it.</summary>
    [Name("id")]
    public string Id { get; set; } = "";

    /// <summary>Title and description.</summary>
    [Name("text")]
    public string Text { get; set; } = "";

    /// <summary>The seller's tag, or empty.</summary>
    [Name("seller")]
    public string Seller { get; set; } = "";
}
