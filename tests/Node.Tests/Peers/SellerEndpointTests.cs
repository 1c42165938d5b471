using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Node.Peers;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

/// <summary>The route of the key holder.</summary>
public sealed class SellerEndpointTests
{
    private static readonly EvaluateMessage s_request = new() { Type = "tel", Epoch = 2, Blinded = [new byte[32]] };

    [Fact]
    public async Task Evaluate_KeyHolder_AnswersTheMemberOfTheTlsKey()
    {
        var answer = new EvaluatedMessage { Evaluated = [new byte[32]], Proof = new byte[64] };
        var sellers = new FakeEvaluator(new Evaluation(EvaluationOutcome.Evaluated, answer, null));
        await using var node = await ListeningNode.StartAsync(sellers);

        var got = await node.Transport.EvaluateAsync("b", s_request, CancellationToken.None);

        Assert.Equal(64, got.Proof.Length);
        Assert.Equal(("a", "tel", 2), sellers.Asked);
    }

    [Fact]
    public async Task Evaluate_AnotherNumberOfPointsBack_IsRefusedByTheClient()
    {
        var answer = new EvaluatedMessage { Evaluated = [new byte[32], new byte[32]], Proof = new byte[64] };
        await using var node = await ListeningNode.StartAsync(
            new FakeEvaluator(new Evaluation(EvaluationOutcome.Evaluated, answer, null)));

        await Assert.ThrowsAsync<PeerException>(() => node.Transport.EvaluateAsync("b", s_request, CancellationToken.None));
    }

    [Theory]
    [InlineData(EvaluationOutcome.UnknownKey, 404)]
    [InlineData(EvaluationOutcome.NoMember, 403)]
    [InlineData(EvaluationOutcome.BadPoint, 422)]
    [InlineData(EvaluationOutcome.QuotaExceeded, 429)]
    public async Task Evaluate_Refused_GivesTheStatusAndTheReason(EvaluationOutcome outcome, int status)
    {
        await using var node = await ListeningNode.StartAsync(new FakeEvaluator(new Evaluation(outcome, null, "because")));

        var failure = await Assert.ThrowsAsync<PeerException>(
            () => node.Transport.EvaluateAsync("b", s_request, CancellationToken.None));

        Assert.Equal(status, failure.Status);
        Assert.Contains("because", failure.Message, StringComparison.Ordinal);
    }

    private sealed class FakeEvaluator(Evaluation evaluation) : ISellerEvaluator
    {
        public (string Member, string Type, int Epoch) Asked { get; private set; }

        public Task<Evaluation> EvaluateAsync(string member, EvaluateMessage request, CancellationToken cancellationToken)
        {
            Asked = (member, request.Type, request.Epoch);
            return Task.FromResult(evaluation);
        }
    }
}
