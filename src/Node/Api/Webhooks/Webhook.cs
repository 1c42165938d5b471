namespace FederationNode.Node.Api.Webhooks;

/// <summary>Whom the node tells of changes, as the operator configured it. Immutable.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Url">Where batches are posted.</param>
/// <param name="Secret">What they are signed with.</param>
/// <param name="Kinds">Only indicators of these kinds; empty: of all.</param>
/// <param name="Categories">Only indicators of these categories; empty: of all.</param>
public sealed record Webhook(
    string Name, Uri Url, ReadOnlyMemory<byte> Secret, IReadOnlyList<string> Kinds, IReadOnlyList<string> Categories)
{
    /// <summary>Whether another says the same in all its parts.</summary>
    public bool IsSame(Webhook other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Name == other.Name && Url == other.Url && Secret.Span.SequenceEqual(other.Secret.Span)
            && Kinds.SequenceEqual(other.Kinds) && Categories.SequenceEqual(other.Categories);
    }

    /// <summary>Without the secret: this may end in a log.</summary>
    public override string ToString() => $"{Name} at {Url}";
}

/// <summary>How long things take with webhooks.</summary>
public sealed record WebhookTimes
{
    /// <summary>How long a receiver may take to answer. Default 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause after the first failure; doubled with each, with up to half of it more by chance. Default 1 s.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause. Default 5 minutes.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A batch that was refused for longer is given up. Default 24 hours.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromHours(24);
}
