using System.Globalization;
using System.Text;
using FederationNode.Audit.Report;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// A log of more than 65,536 entries has stored tiles, too. The secretariat's is made that long here, row by row, as
/// docs/architecture.md says that it is stored.
/// </summary>
[Collection(CoalitionGroup.Name)]
public sealed class StoredTileTests(CoalitionFixture coalition) : IDisposable
{
    private const string Long = "ewt/secretariat/indicators/1";
    private const int Bundles = 257;
    private const int Width = 256;

    private readonly Scratch _scratch = new();

    private string Folder => _scratch.In("alpha");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Audit_StoredTileTamperedWith_NamesTheEntriesBelowIt()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        await LengthenAsync();
        var clean = await Fednode.HereAsync("audit", Folder, "--json");
        Assert.True(clean.Code == 0, clean.ToString());

        var rows = StoredRows.OfFolder(Folder, write: true);
        var tile = rows.Read(LogRowKind.Tile, Long);
        var changed = rows.Read<TileRow>(LogRowKind.Tile, Long);
        changed.Hashes[(5 * Hash256.Size) + 3] ^= 1;
        rows.Write(LogRowKind.Tile, Long, changed);
        await FindsAsync(FindingKind.HashTileChanged, 5 * Width);

        byte[] flipped = [.. tile];
        flipped[tile.Length / 2] ^= 1;
        rows.Write(LogRowKind.Tile, Long, flipped);
        await FindsAsync(FindingKind.HashTileChanged, (tile.Length / 2 - 9) / Hash256.Size * Width);

        rows.Write(LogRowKind.Tile, Long, tile[..100]);
        await FindsAsync(FindingKind.RowDamaged, 0);

        rows.Delete(LogRowKind.Tile, Long);
        await FindsAsync(FindingKind.TileMissing, 0);
    }

    private async Task FindsAsync(string kind, long index)
    {
        var audit = await Fednode.HereAsync("audit", Folder, "--json");
        Assert.Equal(1, audit.Code);
        Assert.Contains(audit.Json.GetProperty("findings").EnumerateArray(), f =>
            f.GetProperty("severity").GetString() == "Fault" && f.GetProperty("origin").GetString() == Long
            && f.GetProperty("kind").GetString() == kind && f.GetProperty("index").GetInt64() == index);
        Assert.Equal(
            4, audit.Json.GetProperty("logs").EnumerateArray().Count(l =>
                l.GetProperty("origin").GetString() != Long && l.GetProperty("rebuilt").GetBoolean()));
    }

    private async Task LengthenAsync()
    {
        await using var storage = await OfflineStorage.OpenAsync(
            StorageConnection.ForSqliteFile(Path.Combine(Folder, "node.db")));
        var old = (await storage.Rows.ReadAsync<HeadRow>(LogRowKind.Head, Long))!;

        // The first entry is the real one, for which a receipt was written.
        var first = old.Value.Tail[0];
        var further = Entry();
        var range = new CompactRange();
        var roots = new List<Hash256>();
        for (var number = 0; number < Bundles; number++)
        {
            TailEntry[] entries = [number == 0 ? first : further, .. Enumerable.Repeat(further, Width - 1)];
            var root = await SealAsync(storage.Rows, number, entries);
            roots.Add(root);
            range.AppendSubtree(8, root);
        }

        var tile = MerkleHash.Root([.. roots.Take(Width)]);
        await storage.Rows.WriteAsync(
            LogRowKind.Tile, $"{Long}|1|0|{tile}", new TileRow { Hashes = Join(roots.Take(Width)) }, null);
        var head = new HeadRow
        {
            Size = Bundles * Width,
            Root = range.Root().ToArray(),
            Edge = [Join(roots.Skip(Width)), Join([tile])],
            SignedSize = Bundles * Width,
            Checkpoint = Sign(range.Root()),
        };
        await storage.Rows.WriteAsync(LogRowKind.Head, Long, head, old.ETag);
    }

    private static async Task<Hash256> SealAsync(RowStore rows, int number, TailEntry[] entries)
    {
        Hash256[] hashes = [.. entries.Select(e => MerkleHash.Leaf(e.Leaf))];
        var root = MerkleHash.Root(hashes);
        var key = string.Create(CultureInfo.InvariantCulture, $"{Long}|{number}|{root}");
        var bundle = new BundleRow
        {
            Leaves = EntryBundle.Encode([.. entries.Select(e => (ReadOnlyMemory<byte>)e.Leaf)]),
            Hashes = Join(hashes),
        };
        var payloads = new PayloadsRow
        {
            Items = [.. entries.Select(e => new PayloadItem { Salt = e.Salt!, Payload = e.Payload! })],
        };
        await rows.WriteAsync(LogRowKind.Bundle, key, bundle, null);
        await rows.WriteAsync(LogRowKind.Payloads, key, payloads, null);
        return root;
    }

    private static TailEntry Entry()
    {
        var issued = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var payload = new ListingPayload
        {
            Indicator = Indicator.Keyword("one of many"),
            Category = "ivory",
            Severity = 2,
            Confidence = 80,
            Action = "review",
            Expires = issued + 86_400,
            Context = KeywordContext.None,
        };
        var salt = new byte[ProtocolLimits.SaltSize];
        var leaf = new Leaf(Long, payload.Kind, issued, null, Leaf.Commit(salt, payload.Encode()));
        return new TailEntry { Leaf = leaf.Encode(), Salt = salt, Payload = payload.Encode() };
    }

    private byte[] Sign(Hash256 root)
    {
        var file = Path.Combine(coalition.Secretariat, "keys", "indicators-1.key");
        Assert.True(SigningKey.TryParse(File.ReadAllText(file, Encoding.UTF8).Trim(), out var key, out var error), error);
        using (key)
        {
            return new Checkpoint(Long, Bundles * Width, root).Sign(key);
        }
    }

    private static byte[] Join(IEnumerable<Hash256> hashes) => [.. hashes.SelectMany(h => h.ToArray())];
}
