using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Peers;

/// <summary>
/// The wire to the other members. Every call goes to the endpoint and the TLS key that the roster names for the member,
/// or fails. No call is retried here. An implementation bounds every answer before it decodes it.
/// </summary>
public interface IPeerTransport
{
    /// <summary>Asks for heads.</summary>
    /// <exception cref="PeerException">The exchange failed, or the peer refused.</exception>
    Task<HeadsAnswer> AskHeadsAsync(string member, HeadsQuestion question, CancellationToken cancellationToken);

    /// <summary>Sends a new head. The answer is what the peer holds then.</summary>
    /// <param name="member">The peer.</param>
    /// <param name="range">The checkpoint, and entries or none.</param>
    /// <param name="size">Entries that this node holds.</param>
    /// <param name="cancellationToken">Ends the exchange.</param>
    /// <exception cref="PeerException">The exchange failed, or the peer refused.</exception>
    Task<PushAnswerMessage> PushAsync(string member, LogRange range, long size, CancellationToken cancellationToken);

    /// <summary>Fetches entries.</summary>
    /// <param name="member">The peer.</param>
    /// <param name="request">Which.</param>
    /// <param name="urgent">Over the connection for small things, on which no bulk is in the way.</param>
    /// <param name="cancellationToken">Ends the exchange.</param>
    /// <exception cref="PeerException">The exchange failed, or the peer refused.</exception>
    Task<LogRange> GetRangeAsync(
        string member, RangeRequestMessage request, bool urgent, CancellationToken cancellationToken);

    /// <summary>Fetches a part of a log's outline.</summary>
    /// <exception cref="PeerException">The exchange failed, or the peer refused.</exception>
    Task<LogOutline> GetOutlineAsync(string member, RangeRequestMessage request, CancellationToken cancellationToken);

    /// <summary>Asks which entries of a log are live, as a digest.</summary>
    /// <exception cref="PeerException">The exchange failed, or the peer refused.</exception>
    Task<Hash256> GetLiveAsync(string member, LiveRequestMessage request, CancellationToken cancellationToken);

    /// <summary>Fetches the fork proof of a log.</summary>
    /// <exception cref="PeerException">The exchange failed, or the peer has none.</exception>
    Task<byte[]> GetForkAsync(string member, string origin, CancellationToken cancellationToken);

    /// <summary>Shows a fork proof.</summary>
    /// <exception cref="PeerException">The exchange failed, or the peer refused.</exception>
    Task<PushAnswerMessage> PushForkAsync(
        string member, string origin, byte[] proof, CancellationToken cancellationToken);

    /// <summary>Has blinded points evaluated by a key holder.</summary>
    /// <exception cref="PeerException">The exchange failed, or the key holder refused.</exception>
    Task<EvaluatedMessage> EvaluateAsync(string member, EvaluateMessage request, CancellationToken cancellationToken);
}

/// <summary>An exchange with a peer did not work.</summary>
public sealed class PeerException : Exception
{
    /// <summary>Says with whom and why.</summary>
    public PeerException(string member, string message, Exception? inner = null)
        : base($"{member}: {message}", inner)
    {
        Member = member;
    }

    /// <summary>The peer.</summary>
    public string Member { get; }

    /// <summary>The HTTP status of a refusal; 0 if there was no answer.</summary>
    public int Status { get; init; }

    /// <summary>When the peer takes more, if it refused and said so.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
