using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

public sealed class HeadBoardTests
{
    [Fact]
    public void Put_StatusesOfLogs_AreReadInTheOrderOfTheirOrigins()
    {
        var board = new HeadBoard();
        string[] origins =
            ["demo/b/indicators/1", "demo/a/receipts/1", "demo/a-b/indicators/1", "demo/a/indicators/1"];
        foreach (var origin in origins)
        {
            board.Put(Status(origin, 1, 1));
        }

        Assert.Equal(
            ["demo/a-b/indicators/1", "demo/a/indicators/1", "demo/a/receipts/1", "demo/b/indicators/1"],
            board.All().Select(h => h.Origin));
        Assert.Null(board.Get("demo/c/indicators/1"));
        Assert.Null(board.Get("DEMO/A/INDICATORS/1"));
    }

    [Fact]
    public void Grew_IsRaisedForGrowthAndForWhatNoLongerCountsAndAfterTheHeadIsShown()
    {
        var board = new HeadBoard();
        var seen = new List<(long Size, long Signed)>();
        board.Grew += head =>
        {
            Assert.Same(head, board.Get(head.Origin));
            seen.Add((head.Size, head.SignedSize));
        };

        (long Size, long Signed)[] steps =
            [(0, 0), (3, 0), (3, 0), (3, 3), (3, 3), (5, 3), (5, 4), (5, 4), (5, 5), (5, 5)];
        foreach (var (size, signed) in steps)
        {
            board.Put(Status("demo/a/indicators/1", size, signed));
            Assert.Equal(size, board.Get("demo/a/indicators/1")!.Size);
        }

        board.Put(Status("demo/b/indicators/1", 0, 0));
        board.Put(Status("demo/c/indicators/1", 9, 9));
        board.Put(Status("demo/c/indicators/1", 9, 9) with { HeadSize = 7 });
        board.Put(Status("demo/c/indicators/1", 9, 9) with { HeadSize = 7, FrozenAt = 7 });
        board.Put(Status("demo/c/indicators/1", 9, 9) with { HeadSize = 7, FrozenAt = 7 });
        Assert.Equal([(3, 0), (3, 3), (5, 3), (5, 4), (5, 5), (9, 9), (9, 9), (9, 9)], seen);
    }

    [Fact]
    public void Confirm_OneLog_ConfirmsNoOther()
    {
        var board = new HeadBoard();
        board.Confirm("demo/a/indicators/1");

        Assert.True(board.IsConfirmed("demo/a/indicators/1"));
        Assert.False(board.IsConfirmed("demo/a/receipts/1"));
        Assert.False(board.IsConfirmed("demo/a/indicators/2"));
    }

    private static LogStatus Status(string origin, long size, long signed) =>
        new(origin, size, MerkleHash.Empty, signed, MerkleHash.Empty, [], signed, MerkleHash.Empty);
}
