using System.Text;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Tests.Generators;
using FederationNode.Protocol.Tests.Merge;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Examples;

/// <summary>
/// Section 17 of docs/protocol.md is what the code gives. With FEDNODE_WRITE_EXAMPLES=1 the first test writes the section
/// instead of comparing it.
/// </summary>
public sealed class WorkedExamplesTests
{
    private const string Heading = "## 17 Worked examples\n";

    private static readonly string s_path = Path.Combine(TestFiles.Repository, "docs", "protocol.md");

    [Fact]
    public void Section17_OfTheProtocolText_IsWhatTheCodeGives()
    {
        var document = File.ReadAllText(s_path);
        var start = document.IndexOf(Heading, StringComparison.Ordinal);
        Assert.True(start >= 0, "docs/protocol.md has lost its section 17.");
        start += Heading.Length;
        var next = document.IndexOf("\n## ", start, StringComparison.Ordinal);
        var end = next < 0 ? document.Length : next + 1;
        if (Environment.GetEnvironmentVariable("FEDNODE_WRITE_EXAMPLES") == "1")
        {
            File.WriteAllText(s_path, document[..start] + Section() + (next < 0 ? "" : "\n" + document[end..]));
            return;
        }

        Assert.True(
            document[start..end].TrimEnd() == Section().TrimEnd(),
            "Section 17 of docs/protocol.md differs from what the code gives. If the protocol was meant to change, run "
            + "this test with FEDNODE_WRITE_EXAMPLES=1 and read the difference.");
    }

    [Fact]
    public void Entries_OfTheExamples_HaveAMeaning()
    {
        ExampleEntry[] all = [.. DemoLogs.AlphaEntries, .. DemoLogs.BetaEntries, DemoLogs.Receipt, DemoLogs.Erasure, DemoLogs.Evaluations, DemoLogs.Roster];

        Assert.Equal(10, all.Select(e => e.Interpret().Payload.Kind).Distinct().Count());
        foreach (var entry in all)
        {
            Assert.Equal(Pack.Sequence(Pack.Read(entry.PayloadBytes)), entry.PayloadBytes);
            Assert.Equal(Pack.Sequence(Pack.Read(entry.Leaf.Encode())), entry.Leaf.Encode());
        }
    }

    [Fact]
    public void Checkpoint_OfTheExamples_OpensWithItsVkey()
    {
        using var key = DemoLogs.AlphaKey();
        var note = DemoLogs.CheckpointOf(DemoLogs.HeadOf(DemoLogs.AlphaEntries, 3)).Sign(key);

        Assert.True(Checkpoint.TryOpen(note, key.VerificationKey, out var checkpoint, out var error), error);
        Assert.Equal((3, LogExamples.Root(3)), (checkpoint.Size, checkpoint.Root));
        Assert.Contains(
            RosterExample.First.Member("alpha")!.Logs, l => l.Key.Equals(key.VerificationKey));
    }

    [Fact]
    public void Live_OfTheExamples_IsWhatTheViewSays()
    {
        var view = new View();
        foreach (var entry in DemoLogs.AlphaEntries)
        {
            view.Apply(entry.Interpret());
        }

        Assert.Equal(ReplicationExamples.LiveEntries, view.Live(DemoLogs.Alpha, 0, ReplicationExamples.Size, ReplicationExamples.Size));
        Assert.Equal([5L], view.Orders(DemoLogs.Alpha, 0, ReplicationExamples.Size));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(4, 7)]
    public void InclusionProofs_OfTheExamples_Hold(int index, int size) => Assert.True(InclusionProof.Verify(
        DemoLogs.AlphaEntries[index].LeafHash, index, size, LogExamples.Inclusion(index, size), LogExamples.Root(size)));

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 7)]
    public void ConsistencyProofs_OfTheExamples_Hold(int size1, int size2) => Assert.True(ConsistencyProof.Verify(
        size1, size2, LogExamples.Root(size1), LogExamples.Root(size2), LogExamples.Consistency(size1, size2)));

    [Fact]
    public void Range_OfTheExamples_ProvesItself()
    {
        var leaves = DemoLogs.AlphaEntries.Select(e => e.LeafHash).ToArray();

        Assert.True(ReplicationExamples.Range.Verify(
            ReplicationExamples.From,
            leaves.AsSpan(ReplicationExamples.From, ReplicationExamples.End - ReplicationExamples.From),
            ReplicationExamples.Size,
            LogExamples.Root(ReplicationExamples.Size)));
    }

    [Fact]
    public void ForkProofs_OfTheExamples_FreezeWhereTheTextSays()
    {
        foreach (var (proof, freeze) in ((ForkProof, long)[])[(ReplicationExamples.Diverging, 4), (ReplicationExamples.Contradiction, 5)])
        {
            Assert.True(ForkProof.TryDecode(proof.Encode(), out var decoded, out var error), error);
            Assert.True(decoded.TryVerify(DemoLogs.Alpha.Text, ReplicationExamples.Open!, out var at, out error), error);
            Assert.Equal(freeze, at);
        }
    }

    [Fact]
    public void Digest_OfTheExamples_IsThatOfTheView()
    {
        LogEntry[] entries = [.. DemoLogs.AlphaEntries.Concat(DemoLogs.BetaEntries).Select(e => e.Interpret())];
        var view = new View();
        Array.ForEach(entries, e => view.Apply(e));

        Assert.Equal(new NaiveView(entries).Digest(), view.Digest());
        Assert.Equal(4, new NaiveView(entries).Rows.Count);
        Assert.True(view.IsErased(DemoLogs.Alpha, 1));
    }

    [Fact]
    public void Rosters_OfTheExamples_FollowTheTrustAnchor()
    {
        Assert.True(TrustAnchor.TryParse(RosterExample.Anchor.ToText(), out var anchor, out var error), error);
        Assert.True(RosterChain.TryWalk([RosterExample.SignedFirst, RosterExample.SignedSecond], anchor, out var newest, out error), error);
        Assert.Equal(2, newest!.Version);
        Assert.True(EnrolmentRequest.TryOpen(RosterExample.SignedRequest, out var request, out error), error);
        Assert.True(EpochRequest.TryOpen(RosterExample.SignedEpochRequest, out var epoch, out var note, out error), error);
        Assert.True(EpochStep.TryPlan(newest!, epoch, note, _ => false, out var step, out error), error);
        Assert.False(step.NeedsFingerprint);
        Assert.Equal(newest.Member("beta")!.Logs.AsEnumerable(), request.ToMember("member").Logs);
    }

    private static string Section() => new StringBuilder()
        .Append("\nSeeds, salts and times are fixed so that everybody gets these bytes; real ones are random. Byte strings are in\n")
        .Append("hexadecimal, broken into lines where they are long. Coalition and members are invented.\n\n")
        .Append(LogExamples.WriteKeys())
        .Append(LogExamples.WriteIndicators())
        .Append(LogExamples.WriteEntries())
        .Append(LogExamples.WriteTree())
        .Append(LogExamples.WriteView())
        .Append(LogExamples.WritePayloadTile())
        .Append(RosterExample.Write())
        .Append(SellerExample.Write())
        .Append(ReplicationExamples.Write())
        .Append(ReplicationExamples.WriteOutline())
        .Append(ThresholdExample.Write())
        .ToString()
        .TrimEnd('\n') + "\n";
}
