using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Grains.Tests.Building;

/// <summary>
/// All that a node holds of one log: what it says, what it serves, which rows there are, and the head row's ETag, which
/// changes with every write. Two equal ones mean that nothing happened.
/// </summary>
internal sealed record HeldSnapshot(
    LogStatus Status, string? ETag, string Rows, string Entries, Hash256 Digest)
{
    private static readonly string[] s_kinds =
        [LogRowKind.Head, LogRowKind.Bundle, LogRowKind.Payloads, LogRowKind.Tile, LogRowKind.Request];

    public static async Task<HeldSnapshot> TakeAsync(TestNode node, string origin)
    {
        var (status, entries) = await node.ReadAllAsync(origin);
        var keys = new List<string>();
        foreach (var kind in s_kinds)
        {
            await foreach (var key in node.Rows.ListKeysAsync(kind))
            {
                keys.Add($"{kind} {key}");
            }
        }

        var head = await node.Rows.ReadAsync<HeadRow>(LogRowKind.Head, origin);
        return new HeldSnapshot(
            status,
            head?.ETag,
            string.Join('\n', keys),
            string.Join('\n', entries.Select(Text)),
            WriterLog.DigestOf((origin, entries)));
    }

    public async Task AssertUnchangedAsync(TestNode node, string origin)
    {
        var now = await TakeAsync(node, origin);
        Assert.Equal(Convert.ToHexString(Status.Checkpoint), Convert.ToHexString(now.Status.Checkpoint));
        Assert.Equal(this, now with { Status = Status });
        Assert.Equal(Status with { Checkpoint = [] }, now.Status with { Checkpoint = [] });
        var shown = node.Heads.Get(origin)!;
        Assert.Equal((Status.Size, Status.Root, Status.SignedSize), (shown.Size, shown.Root, shown.SignedSize));
    }

    private static string Text(StoredEntry entry) =>
        $"{Convert.ToHexString(entry.Leaf)} {Convert.ToHexString(entry.Salt ?? [])} {Convert.ToHexString(entry.Payload ?? [])}";
}
