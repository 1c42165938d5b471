using FederationNode.Node.Sellers;

namespace FederationNode.Node.Cli.Tagging;

/// <summary>Takes the tags of a file's rows.</summary>
internal interface ITagSink
{
    /// <summary>Takes the tags of one row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="tags">Its tags, the newest epoch first, and behind them those of what it also stands for.</param>
    void Write(SellerRow row, IReadOnlyList<SchemedTag> tags);

    /// <summary>Does with all that it took what is to be done, before the rows count as done.</summary>
    Task FlushAsync(CancellationToken cancel);
}
