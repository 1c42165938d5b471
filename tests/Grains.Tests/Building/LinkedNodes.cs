using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol.Notes;

namespace FederationNode.Grains.Tests.Building;

/// <summary>Whole nodes on one clock whose wires lead to each other, without HTTP between.</summary>
internal static class LinkedNodes
{
    /// <summary>Lets the nodes of a and b reach each other, and nobody else.</summary>
    public static void Link(TestNode a, TestNode b)
    {
        Lead(a.Peers.Play("b"), "a", b);
        Lead(b.Peers.Play("a"), "b", a);
    }

    /// <summary>Turns the clock that they share, until something holds.</summary>
    public static async Task AdvanceUntilAsync(IReadOnlyList<TestNode> nodes, Func<bool> holds)
    {
        var patience = TestNode.Patience();
        await SettleAsync(nodes);
        while (!holds())
        {
            patience.ThrowIfCancellationRequested();
            nodes[0].Clock.Advance(TimeSpan.FromMilliseconds(50));
            await SettleAsync(nodes);
        }
    }

    private static async Task SettleAsync(IReadOnlyList<TestNode> nodes)
    {
        // What one does may give another something to do: only a round in which nobody had anything to do is the end.
        do
        {
            foreach (var node in nodes)
            {
                await node.SettleAsync();
            }
        }
        while (nodes.Any(n => !n.IsSettled));
    }

    private static void Lead(PlayedPeer wire, string from, TestNode to)
    {
        wire.OnHeads = async (question, cancel) => await to.Replication.AnswerHeadsAsync(from, question, cancel)
            ?? throw TestTransport.Refusal(wire.Name, 422);
        wire.OnPush = async (range, size, _) =>
        {
            var result = await to.Replication.TakePushAsync(from, OriginOf(range), range, size);
            return result.Outcome is ExtendOutcome.Refused or ExtendOutcome.Fork
                ? throw TestTransport.Refusal(wire.Name, 422)
                : Sizes(result.HeadSize, result.Size);
        };
        wire.OnRange = (request, _) =>
            to.Log(request.Origin).ReadAsync(request.From, request.MaxEntries, request.MaxBytes);
        wire.OnFork = async (origin, _) =>
            await to.Log(origin).GetForkAsync() ?? throw TestTransport.Refusal(wire.Name, 404);
        wire.OnForkPush = async (origin, proof, _) =>
        {
            var outcome = await to.Log(origin).TakeForkAsync(proof);
            var status = await to.Log(origin).GetStatusAsync();
            return outcome is ForkOutcome.Taken
                ? Sizes(status.HeadSize, status.Size)
                : throw TestTransport.Refusal(wire.Name, 422);
        };
    }

    private static string OriginOf(LogRange range) =>
        Checkpoint.TryParse(range.Checkpoint, out var head, out _) ? head.Origin : "";

    private static PushAnswerMessage Sizes(long size, long held) => new() { Size = size, Held = held };
}
