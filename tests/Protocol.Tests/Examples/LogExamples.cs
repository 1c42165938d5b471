using System.Text;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Tests.Merge;

namespace FederationNode.Protocol.Tests.Examples;

/// <summary>Keys, entries, trees and the view.</summary>
internal static class LogExamples
{
    public static string WriteKeys()
    {
        using var key = DemoLogs.AlphaKey();
        var head = DemoLogs.HeadOf(DemoLogs.AlphaEntries, 3);
        return new Page()
            .Heading("17.1 A key and a checkpoint")
            .Text("The Ed25519 seed is the 32 bytes `00 01 ... 1f`, the name of the key is the origin of the log.")
            .Block(("public key", key.VerificationKey.PublicKey.ToArray()), ("vkey", key.VerificationKey))
            .Text("The checkpoint of this log at size 3 (17.4), signed by it. The last line feed belongs to the note.")
            .Verbatim(Encoding.UTF8.GetString(DemoLogs.CheckpointOf(head).Sign(key)))
            .ToString();
    }

    public static string WriteIndicators()
    {
        var page = new Page().Heading("17.2 Indicator ids").Text("The value of the seller is the tag of 17.8.");
        foreach (var indicator in new[] { DemoLogs.Keyword, DemoLogs.Seller, DemoLogs.Pdq, DemoLogs.Sha256 })
        {
            page.Block(
                ("kind", indicator.Kind),
                ("scheme", indicator.Scheme),
                ("value", indicator.Value.ToArray()),
                ("id", indicator.Id));
        }

        return page.ToString();
    }

    public static string WriteEntries()
    {
        var page = new Page()
            .Heading("17.3 An entry of each kind")
            .Text("Entry `i` of `demo/alpha/indicators/1` is issued at 1790000000 + `i`. It takes back the listing of a keyword\n"
                + "(entry 0) and has the listing of a seller (entry 1) erased.");
        foreach (var entry in DemoLogs.AlphaEntries)
        {
            Write(page, entry);
        }

        page.Text("The first entry of `demo/beta/indicators/1` lists a PDQ hash.");
        Write(page, DemoLogs.BetaEntries[0]);
        page.Text("The first entry of `demo/beta/receipts/1` states that beta holds alpha's first three entries.");
        Write(page, DemoLogs.Receipt);
        page.Text("The second one states that beta has erased what alpha's first six entries order to be erased.");
        Write(page, DemoLogs.Erasure);
        page.Text("In the third one beta, as a holder of a key, counts what was evaluated on 2026-09-20.");
        Write(page, DemoLogs.Evaluations);
        WriteRoster(page, DemoLogs.Roster);
        return page.ToString();
    }

    public static string WriteTree()
    {
        var log = DemoLogs.AlphaEntries;
        var page = new Page()
            .Heading("17.4 A bundle, roots and proofs")
            .Text("The entry bundle `tile/entries/000.p/3` of `demo/alpha/indicators/1`, and the roots of the first entries:")
            .Block(("bundle", EntryBundle.Encode([.. log.Take(3).Select(e => new ReadOnlyMemory<byte>(e.Leaf.Encode()))])));
        page.Block([.. new[] { 0, 1, 2, 3, 7 }.Select(size => ($"root of {size}", (object)Root(size)))]);
        foreach (var (index, size) in new[] { (1, 3), (4, 7) })
        {
            page.Text($"The inclusion proof of entry {index} in the tree of {size}:");
            page.Block(Numbered(Inclusion(index, size)));
        }

        foreach (var (size1, size2) in new[] { (2, 3), (3, 7) })
        {
            page.Text($"The consistency proof from size {size1} to size {size2}:");
            page.Block(Numbered(Consistency(size1, size2)));
        }

        return page.ToString();
    }

    public static string WriteView()
    {
        var model = new NaiveView(DemoLogs.AlphaEntries.Concat(DemoLogs.BetaEntries).Select(e => e.Interpret()));
        var page = new Page()
            .Heading("17.5 A view and its digest")
            .Text("The view of both `indicators` logs above: alpha's seven entries and beta's one. The withdrawal has taken the place\n"
                + "of the listing before it, the erased listing has no row, and neither the erase entry nor the heartbeat writes one.");
        foreach (var row in model.Rows)
        {
            page.Block(
                ("entry", $"{row.Entry.Origin}, index {row.Entry.Index}, {row.Entry.Payload.Kind}"),
                ("bucket", row.Bucket),
                ("row", row.Bytes));
        }

        return page.Block(
                ("digest", model.Digest()),
                ("digest of the empty view", new NaiveView([]).Digest()))
            .ToString();
    }

    public static string WritePayloadTile()
    {
        var tile = Generators.Pack.Sequence((object)DemoLogs.AlphaEntries.Take(3)
            .Select((e, i) => i == 1 ? null : (object?)new object?[] { e.Salt, e.PayloadBytes }).ToArray());
        return new Page()
            .Heading("17.6 Payloads with a gap")
            .Text("`tile/payloads/000.p/3` of `demo/alpha/indicators/1` at a node that has carried out the erase entry:")
            .Block(("payloads", tile))
            .ToString();
    }

    public static Hash256 Root(int size) => DemoLogs.HeadOf(DemoLogs.AlphaEntries, size).Root;

    public static IReadOnlyList<Hash256> Inclusion(long index, int size) =>
        ProofBuilder.BuildInclusion(index, size, Hashes(ProofBuilder.NodesForInclusion(index, size)));

    public static IReadOnlyList<Hash256> Consistency(int size1, int size2) =>
        ProofBuilder.BuildConsistency(size1, size2, Hashes(ProofBuilder.NodesForConsistency(size1, size2)));

    private static Hash256[] Hashes(IReadOnlyList<NodeId> nodes) =>
    [
        .. nodes.Select(n => DemoLogs.NodeOver(
            [.. DemoLogs.AlphaEntries.Skip((int)n.Index << n.Level).Take(1 << n.Level).Select(e => e.LeafHash)])),
    ];

    private static (string Name, object Value)[] Numbered(IReadOnlyList<Hash256> proof) =>
        [.. proof.Select((hash, i) => ($"{i}", (object)hash))];

    private static void Write(Page page, ExampleEntry entry) => page.Block(
        ("kind", $"{entry.Payload.Kind}, {entry.Origin}, index {entry.Index}"),
        ("payload", entry.PayloadBytes),
        ("salt", entry.Salt),
        ("commitment", entry.Leaf.Commitment),
        ("leaf", entry.Leaf.Encode()),
        ("leaf hash", entry.LeafHash));

    private static void WriteRoster(Page page, ExampleEntry entry)
    {
        var note = ((RosterPayload)entry.Payload).Note;
        page.Text($"The first entry of `{entry.Origin}` carries version 1 of the roster (17.7): the payload is the bytes below,\n"
            + $"followed by the {note.Length} bytes of the note.");
        page.Block(
            ("kind", $"{entry.Payload.Kind}, {entry.Origin}, index {entry.Index}"),
            ("payload begins", entry.PayloadBytes[..^note.Length]),
            ("SHA-256 of the payload", Hash256.Of(entry.PayloadBytes)),
            ("salt", entry.Salt),
            ("commitment", entry.Leaf.Commitment),
            ("leaf", entry.Leaf.Encode()),
            ("leaf hash", entry.LeafHash));
    }
}
