using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>Whatever a peer answers to a request for a range, it changes nothing, and somebody else gives what is true.</summary>
public sealed class LiarTests
{
    private const string Malformed = "malformed or does not verify";
    private const string Withholds = "does not give";

    private static readonly string s_b = TestCoalition.Indicators("b");

    private static readonly WriterLog s_writer = WriterLog.WithListings(s_b, 300);

    private static readonly LogRange s_good = s_writer.Range(250, 300);

    private static readonly IReadOnlyList<Lie> s_lies = [.. Lies()];

    private delegate LogRange Answerer(RangeRequestMessage request);

    public static TheoryData<string> Names => [.. s_lies.Select(l => l.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Fetch_PeerThatLies_CostsOneAnswerAndChangesNothing(string name)
    {
        var lie = s_lies.Single(l => l.Name == name);
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.Log(s_b).ExtendAsync(s_writer.Range(0, 250));
        var (b, secretariat) = (node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat));
        await node.ReplicateAsync([b, secretariat], s_b);
        var before = await HeldSnapshot.TakeAsync(node, s_b);
        b.OnRange = (request, _) => Task.FromResult(lie.Answer(request));

        await node.Replication.TakePushAsync("b", s_b, s_writer.Range(300, 300), 300);
        await node.SettleAsync();

        Assert.Equal(("b", 250L), Assert.Single(node.Peers.Ranges.Select(r => (r.Member, r.Request.From))));
        await before.AssertUnchangedAsync(node, s_b);
        Assert.Equal(lie.Note is not null, node.Links.Get("b").Note?.Contains(lie.Note!, StringComparison.Ordinal) ?? false);
        secretariat.Hold(s_writer);
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.HeadSize == 300);
        Assert.Equal(s_writer.Root(300), node.Heads.Get(s_b)!.HeadRoot);
        Assert.Null(node.Links.Get(Origin.Secretariat).Note);
    }

    private static IEnumerable<Lie> Lies()
    {
        var elsewhere = WriterLog.WithListings(TestCoalition.Indicators("c"), 300);
        var stranger = SigningKey.FromSeed(s_b, Hash256.Of("another key under the same name"u8).Span);
        var entries = s_good.Entries;
        var hash = Hash256.Of([1]);
        yield return new("no answer", null, _ => throw TestTransport.Dead("b"));
        yield return new("an exception that no transport should throw", null, _ => throw new TestTransportFault());
        yield return new("too much for now", null, _ => throw TestTransport.Refusal("b", 429));
        yield return new("a storage that fails", null, _ => throw TestTransport.Refusal("b", 503));
        yield return new("a refusal", null, _ => throw TestTransport.Refusal("b", 403));
        yield return new("not held", Withholds, _ => throw TestTransport.Refusal("b", 404));
        yield return new("not even a range", Malformed, _ => throw TestTransport.Refusal("b", 200));
        yield return new("a checkpoint without its entries", Withholds, _ => s_writer.Range(300, 300));
        yield return new("nothing new", Withholds, _ => s_writer.Range(250, 250));
        yield return new("an older head", Withholds, _ => s_writer.Range(100, 100));
        yield return Bad("an earlier range", s_writer.Range(200, 300));
        yield return Bad("a later range", s_writer.Range(251, 300));
        yield return Bad("another place for the range", s_good with { From = 0 });
        yield return Bad("a range beyond all", s_good with { From = long.MaxValue });
        yield return Bad("another log", elsewhere.Range(250, 300));
        yield return Bad("another log's checkpoint alone", elsewhere.Range(300, 300));
        yield return Bad("no checkpoint", s_good with { Checkpoint = [] });
        yield return Bad("a checkpoint under another key", s_good with
        {
            Checkpoint = new Checkpoint(s_b, 300, s_writer.Root(300)).Sign(stranger),
        });
        yield return Bad("a checkpoint under another key alone", new LogRange(
            new Checkpoint(s_b, 300, s_writer.Root(300)).Sign(stranger), 300, [], [], []));
        yield return Bad("entries missing in the middle", s_good with { Entries = [.. entries.Skip(1)] });
        yield return Bad("an entry changed", s_good with
        {
            Entries = [entries[0] with { Payload = [.. entries[0].Payload!, 0] }, .. entries.Skip(1)],
        });
        yield return Bad("too many entries", s_good with
        {
            Entries = [.. Enumerable.Repeat(entries[0], Limits.MaxRangeEntries + 1)],
        });
        yield return Bad("too large an entry", s_good with
        {
            Entries = [new StoredEntry(new byte[ProtocolLimits.MaxEntry + 1], null, null), .. entries.Skip(1)],
        });
        yield return Bad("too many hashes", s_good with
        {
            Before = [.. Enumerable.Repeat(hash, Limits.MaxProofHashes + 1)],
        });
        yield return Bad("another hash", s_good with { Before = [hash, .. s_good.Before.Skip(1)] });
        yield return Bad("a hash too many", s_good with { After = [hash] });
    }

    private static Lie Bad(string name, LogRange range) => new(name, Malformed, _ => range);

    private sealed record Lie(string Name, string? Note, Answerer Answer);

    private sealed class TestTransportFault : Exception;
}
