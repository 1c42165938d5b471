using FederationNode.Contracts.Api;
using FederationNode.Node.Cli;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Node.Tests.Cli;

/// <summary>The root at any size, out of the tiles for the newest checkpoint.</summary>
public sealed class StoredTreeTests
{
    private const string Log = "demo/a/indicators/1";

    private static readonly SigningKey s_key = SigningKey.FromSeed(Log, Hash256.Of("a key"u8).Span);

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(777)]
    [InlineData(65_536)]
    [InlineData(66_100)]
    public async Task Root_OfAnyFirstEntries_IsThatOfTheLeaves(int size)
    {
        var leaves = Leaves(size);
        await using var target = new TileTarget(leaves);
        var tree = await StoredTree.OpenAsync(target, target.Row, s_key.VerificationKey, CancellationToken.None);

        foreach (var first in (int[])[0, 1, 2, 3, 100, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 66_000, size - 1, size])
        {
            if (first <= size)
            {
                Assert.Equal(
                    first == 0 ? MerkleHash.Empty : MerkleHash.Root(leaves.AsSpan(0, first)),
                    await tree.RootAsync(first, CancellationToken.None));
            }
        }
    }

    [Fact]
    public async Task Open_HashThatWasChangedOrIsGone_IsRefused()
    {
        await using var target = new TileTarget(Leaves(300)) { Change = tile => tile[20] ^= 1 };
        var refusal = await Assert.ThrowsAsync<CliException>(() =>
            StoredTree.OpenAsync(target, target.Row, s_key.VerificationKey, CancellationToken.None));
        Assert.Contains("do not lead to the root", refusal.Message, StringComparison.Ordinal);

        await using var without = new TileTarget(Leaves(300)) { IsCut = true };
        refusal = await Assert.ThrowsAsync<CliException>(() =>
            StoredTree.OpenAsync(without, without.Row, s_key.VerificationKey, CancellationToken.None));
        Assert.Contains("is not held whole", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_CheckpointOfAnotherKey_IsRefused()
    {
        await using var target = new TileTarget(Leaves(3));
        var other = SigningKey.FromSeed(Log, Hash256.Of("another"u8).Span);
        var refusal = await Assert.ThrowsAsync<CliException>(() =>
            StoredTree.OpenAsync(target, target.Row, other.VerificationKey, CancellationToken.None));
        Assert.Contains($"The checkpoint held of {Log}", refusal.Message, StringComparison.Ordinal);
    }

    private static Hash256[] Leaves(int count) =>
        [.. Enumerable.Range(0, count).Select(i => MerkleHash.Leaf(BitConverter.GetBytes(i)))];

    /// <summary>A node that has one log.</summary>
    private sealed class TileTarget(Hash256[] leaves) : NodeTarget
    {
        private readonly Hash256[][] _levels = LevelsOf(leaves);

        public Action<byte[]> Change { get; init; } = _ => { };

        public bool IsCut { get; init; }

        public LogRow Row { get; } = new(
            Log, leaves.Length, MerkleHash.Root(leaves).ToBase64(), s_key.VerificationKey.ToString(), leaves.Length, null);

        public override Task<byte[]?> ReadLogFileAsync(string origin, string path, CancellationToken cancel)
        {
            if (path == "checkpoint")
            {
                return Task.FromResult<byte[]?>(new Checkpoint(Log, leaves.Length, MerkleHash.Root(leaves)).Sign(s_key));
            }

            Assert.True(TilePath.TryParse(path, out var tile, out var error), error);
            Assert.Contains(tile, TilePath.ForLevel(tile.Level, leaves.Length));
            var bytes = _levels[tile.Level].AsSpan((int)tile.Number * TilePath.FullWidth, tile.Width).ToArray()
                .SelectMany(h => h.ToArray()).ToArray();
            Change(bytes);
            return Task.FromResult<byte[]?>(IsCut ? bytes[1..] : bytes);
        }

        public override Task<RosterDocument> ReadRosterAsync(CancellationToken cancel) => throw new NotSupportedException();

        public override Task<IReadOnlyList<LogRow>> ListLogsAsync(CancellationToken cancel) => throw new NotSupportedException();

        public override Task<IndicatorDetail> ShowAsync(string id, CancellationToken cancel) => throw new NotSupportedException();

        public override Task<IndicatorPage> ListIndicatorsAsync(int limit, CancellationToken cancel) => throw new NotSupportedException();

        public override Task<CheckResponse> CheckAsync(CheckRequest request, CancellationToken cancel) => throw new NotSupportedException();

        public override Task<SellerEvaluateResponse> EvaluateSellersAsync(SellerEvaluateRequest request, CancellationToken cancel) =>
            throw new NotSupportedException();

        public override Task<SellerKeysResponse> ReadSellerKeysAsync(CancellationToken cancel) => throw new NotSupportedException();

        public override Task<NodeStatus> ReadStatusAsync(CancellationToken cancel) => throw new NotSupportedException();

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static Hash256[][] LevelsOf(Hash256[] leaves)
        {
            var levels = new List<Hash256[]> { leaves };
            while (levels[^1].Length >= TilePath.FullWidth)
            {
                levels.Add([.. levels[^1].Chunk(TilePath.FullWidth).Where(c => c.Length == TilePath.FullWidth).Select(c => MerkleHash.Root(c))]);
            }

            return [.. levels];
        }
    }
}
