using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Sellers;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Sellers.Ceremonies;

namespace FederationNode.Node.Sellers.Ceremonies;

/// <summary>The receipts logs as far as key ceremonies are concerned.</summary>
internal interface ICeremonyLogs
{
    /// <summary>What was said, by log, each in its order; logs of a member in the order of their epochs.</summary>
    IReadOnlyList<(Origin Log, IReadOnlyList<CeremonyEntry> Entries)> Read();

    /// <summary>Reads what has come to the logs since.</summary>
    Task ReadOnAsync(CancellationToken cancellationToken);

    /// <summary>Whether a log was read to its end.</summary>
    bool IsCaughtUp(Origin log);

    /// <summary>Says something in an own log; when it returns null it is durable and signed, else it says why it is not.</summary>
    Task<string?> SayAsync(Origin log, CeremonyMessage message, CancellationToken cancellationToken);
}

/// <inheritdoc cref="ICeremonyLogs"/>
internal sealed class CeremonyLogs(SellerStatements statements, LogAppender appender) : ICeremonyLogs
{
    /// <inheritdoc/>
    public IReadOnlyList<(Origin Log, IReadOnlyList<CeremonyEntry> Entries)> Read() => statements.Ceremonies();

    /// <inheritdoc/>
    public Task ReadOnAsync(CancellationToken cancellationToken) => statements.ReadOnAsync(cancellationToken);

    /// <inheritdoc/>
    public bool IsCaughtUp(Origin log) => statements.IsCaughtUp(log.Text);

    /// <inheritdoc/>
    public async Task<string?> SayAsync(Origin log, CeremonyMessage message, CancellationToken cancellationToken)
    {
        var payload = new CeremonyPayload(message.Encode());
        var result = await appender.AppendAsync(
            log.Text, new AppendRequest([new NewEntry(payload.Kind, payload.Encode())]), cancellationToken);
        return result.Refusal == AppendRefusal.None ? null : result.Error ?? result.Refusal.ToString();
    }
}
