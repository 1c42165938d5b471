using FederationNode.Contracts.Api;
using FederationNode.Node.Sellers;

namespace FederationNode.Node.Cli.Tagging;

/// <summary>Has the node list sellers anew by their tags of a later epoch, as far as it lists them by the older ones.</summary>
/// <param name="client">The running node.</param>
/// <param name="from">The older epoch.</param>
/// <param name="to">The later one.</param>
/// <param name="dryRun">Publish nothing.</param>
internal sealed class RetagSink(NodeClient client, int from, int to, bool dryRun) : ITagSink
{
    private const int MostAtOnce = 1_000;

    private readonly List<SellerRetagItem> _items = [];

    /// <summary>Sellers listed anew, or that would be.</summary>
    public long Retagged { get; private set; }

    /// <summary>Sellers that this member lists by the later tag already.</summary>
    public long Already { get; private set; }

    /// <summary>Sellers of which this member has no listing in force by the older tag.</summary>
    public long NotListed { get; private set; }

    /// <inheritdoc/>
    public void Write(SellerRow row, IReadOnlyList<SchemedTag> tags)
    {
        foreach (var type in tags.Select(t => t.Scheme.Type).Distinct())
        {
            // What a row also stands for may have a key of only one of the epochs.
            var both = tags.Where(t => t.Scheme.Type == type).ToDictionary(t => t.Scheme.Epoch);
            if (both.TryGetValue(from, out var older) && both.TryGetValue(to, out var newer))
            {
                _items.Add(new SellerRetagItem(older.Scheme.ToString(), older.Tag.ToString(), newer.Scheme.ToString(), newer.Tag.ToString()));
            }
        }
    }

    /// <inheritdoc/>
    public async Task FlushAsync(CancellationToken cancel)
    {
        foreach (var part in _items.Chunk(MostAtOnce))
        {
            var answer = await client.PostAsync<SellerRetagRequest, SellerRetagResponse>(
                ApiRoutes.SellerRetag, new SellerRetagRequest(part, dryRun), cancel);
            Retagged += answer.Items.Count(s => s == SellerRetagResponse.Retagged);
            Already += answer.Items.Count(s => s == SellerRetagResponse.Already);
            NotListed += answer.Items.Count(s => s == SellerRetagResponse.NotListed);
        }

        _items.Clear();
    }
}
