using FederationNode.Protocol;

namespace FederationNode.Audit.Sources;

/// <summary>
/// One copy of one log in the layout of C2SP tlog-tiles with our payload tiles (docs/protocol.md section 4): an
/// exported directory, a node's local API, or a node's own database.
/// </summary>
public interface ILogSource
{
    /// <summary>What people call this copy: its directory or address.</summary>
    string Name { get; }

    /// <summary>The log that this copy must be of, or null if the copy itself is to say so.</summary>
    string? Origin { get; }

    /// <summary>
    /// What the copy holds beyond its checkpoint, or null if nothing; its files are then those of all that it holds.
    /// </summary>
    HeldBeyond? Beyond => null;

    /// <summary>
    /// What was handed out so far although its storage is known to be changed. If the trees do not show which entry
    /// it is, the audit says it in these words.
    /// </summary>
    IReadOnlyList<SuspectEntries> Suspects => [];

    /// <summary>
    /// Reads one file whole: <c>checkpoint</c>, <c>vkey</c> or the path of a tile. Read by one caller at a time.
    /// A file longer than <see cref="SourceLimits.MaxBytes"/> may be cut off behind that many bytes and one more: it
    /// is malformed in any case.
    /// </summary>
    /// <param name="path">The path below the log's prefix, with slashes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The bytes, or null if there is no such file.</returns>
    /// <exception cref="IOException">The source cannot be read at all, now: the audit of this copy ends.</exception>
    /// <exception cref="DamagedHeadException">The storage of the log's head is damaged: the audit of this copy
    /// ends with a fault.</exception>
    /// <exception cref="InvalidDataException">This file's storage is damaged: the audit goes on with the
    /// next.</exception>
    /// <exception cref="MissingRowException">This file's storage is gone: likewise.</exception>
    Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken);
}

/// <summary>
/// Entries that came under a larger checkpoint than the copy holds: a log that is being fetched, or that ends where no
/// checkpoint was signed (docs/protocol.md section 10). Nothing of it is verified.
/// </summary>
/// <param name="Note">The larger checkpoint, as it was signed.</param>
/// <param name="Held">Entries held.</param>
/// <param name="After">The complete subtrees of its tree behind them, from left to right.</param>
public sealed record HeldBeyond(byte[] Note, long Held, IReadOnlyList<Hash256> After);

/// <summary>Entries that a source read from a row with a wrong checksum.</summary>
/// <param name="First">The first entry that the row concerns.</param>
/// <param name="End">The entry behind the last one.</param>
/// <param name="Kind">The kind of finding, if nothing better is found.</param>
/// <param name="Explanation">Which row it is, and what is wrong with it.</param>
public sealed record SuspectEntries(long First, long End, string Kind, string Explanation);
