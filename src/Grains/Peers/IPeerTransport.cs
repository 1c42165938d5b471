using FederationNode.Contracts.Peers;

namespace FederationNode.Grains.Peers;

/// <summary>
/// The wire to the other members. Every call goes to the endpoint and the TLS key that the roster names for the member,
/// or fails. No call is retried here. An implementation bounds every answer before it decodes it.
/// </summary>
public interface IPeerTransport
{
    /// <summary>Sends a new head. The answer is what the peer holds then.</summary>
    /// <exception cref="PeerException">The exchange failed, or the peer refused.</exception>
    Task<SizeMessage> PushAsync(string member, PushMessage push, CancellationToken cancellationToken);

    /// <summary>Exchanges heads.</summary>
    /// <exception cref="PeerException">The exchange failed, or the peer refused.</exception>
    Task<HeadsMessage> ExchangeHeadsAsync(string member, HeadsMessage heads, CancellationToken cancellationToken);

    /// <summary>Fetches entries.</summary>
    /// <exception cref="PeerException">The exchange failed, or the peer refused.</exception>
    Task<RangeMessage> GetRangeAsync(string member, RangeRequestMessage request, CancellationToken cancellationToken);

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
}
