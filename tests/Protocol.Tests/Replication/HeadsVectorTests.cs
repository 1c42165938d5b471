using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

public sealed class HeadsVectorTests
{
    private static readonly Head s_a = new("c/a/indicators/1", 3, Hash256.Of([1]), null);
    private static readonly Head s_b = new("c/b/indicators/1", 5, Hash256.Of([2]), 4);

    [Fact]
    public void Digest_OfTwoHeads_IsTheHashOfTheirRows()
    {
        var vector = new HeadsVector(1);
        vector.Put(s_b);
        vector.Put(s_a);
        byte[] rows =
        [
            .. "fednode/heads/1\0c/a/indicators/1\0"u8, 0, 0, 0, 0, 0, 0, 0, 3, 255, 255, 255, 255, 255, 255, 255, 255,
            .. s_a.Root.Span,
            .. "c/b/indicators/1\0"u8, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 4,
            .. s_b.Root.Span,
        ];
        Assert.Equal(Hash256.Of(rows), vector.Digest);
    }

    [Fact]
    public void Answer_ToWhoAskedBefore_HasOnlyWhatChanged()
    {
        var vector = new HeadsVector(7);
        vector.Put(s_a);
        vector.PutLinks(["b"]);
        var first = vector.Answer(new HeadsQuestion(default, 0, 0));
        Assert.Equal([s_a], first.Heads);
        Assert.Equal(["b"], first.Links!);

        var again = vector.Answer(new HeadsQuestion(default, first.Instance, first.Version));
        Assert.Empty(again.Heads);
        Assert.Null(again.Links);

        vector.Put(s_b);
        var third = vector.Answer(new HeadsQuestion(default, first.Instance, first.Version));
        Assert.Equal([s_b], third.Heads);
        Assert.Null(third.Links);
    }

    [Fact]
    public void Answer_ToWhoAskedAnotherRun_HasEverything()
    {
        var vector = new HeadsVector(7);
        vector.Put(s_a);
        var answer = vector.Answer(new HeadsQuestion(default, 6, long.MaxValue));
        Assert.Equal([s_a], answer.Heads);
        Assert.Empty(answer.Links!);
    }

    [Fact]
    public void Put_TheSameAgainOrAnEmptyLog_ChangesNothing()
    {
        var vector = new HeadsVector(7);
        vector.Put(s_a);
        var (version, digest) = (vector.Version, vector.Digest);
        vector.Put(s_a);
        vector.Put(s_b with { Size = 0, FrozenAt = null });
        Assert.Equal((version, digest), (vector.Version, vector.Digest));
    }
}
