using Orleans.Storage;

namespace FederationNode.Grains.Storage;

/// <summary>
/// Somebody else has written the row since it was read: nothing was written. The holder of the old value must stop,
/// reload and decide anew, and must never sign what it was about to write. As an
/// <see cref="InconsistentStateException"/> it makes Orleans deactivate the grain out of which it is thrown.
/// </summary>
[GenerateSerializer]
[Alias("FederationNode.RowConflict")]
public sealed class RowConflictException : InconsistentStateException
{
    /// <summary>Creates the exception for one row.</summary>
    /// <param name="kind">The row's kind.</param>
    /// <param name="key">The row's key.</param>
    /// <param name="expectedETag">The ETag that the writer held, or null when the row was not to exist.</param>
    /// <param name="inner">The provider's exception.</param>
    public RowConflictException(string kind, string key, string? expectedETag, Exception? inner = null)
        : base(Describe(kind, key, expectedETag), "unknown", expectedETag ?? "none", inner)
    {
        Kind = kind;
        Key = key;
    }

    /// <summary>The kind of the contested row.</summary>
    [Id(0)]
    public string Kind { get; private set; }

    /// <summary>The key of the contested row.</summary>
    [Id(1)]
    public string Key { get; private set; }

    private static string Describe(string kind, string key, string? expectedETag) => expectedETag is null
        ? $"The row '{kind}' of '{key}' exists already, so it was not created."
        : $"The row '{kind}' of '{key}' no longer has the version {expectedETag}: another writer was faster.";
}
