using System.Collections.Concurrent;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Storage;

/// <summary>
/// Remembers which stored rows were found damaged, for the node's status: damage to a disk does not heal, and a person
/// must look at it, also where the node can write the row anew. Each row is logged once. Safe from any thread.
/// </summary>
/// <param name="logger">The program's log.</param>
/// <param name="identity">
/// Who this node is: what to do depends on whose log is damaged. Null: nobody's log is its own.
/// </param>
public sealed partial class DamageBoard(ILogger<DamageBoard> logger, NodeIdentity? identity = null)
{
    // A database that was overwritten may have damage in every row; more than this says nothing new.
    private const int MaxRows = 256;

    private readonly ConcurrentDictionary<(string Kind, string Key), string> _rows = new();

    /// <summary>Raised for each damaged row that was not known yet, with its kind and key, on the thread that found it.</summary>
    public event Action<string, string>? Found;

    /// <summary>The kinds and keys of the damaged rows.</summary>
    public IReadOnlyList<(string Kind, string Key)> Rows() =>
        [.. _rows.Keys.OrderBy(r => r.Kind, StringComparer.Ordinal).ThenBy(r => r.Key, StringComparer.Ordinal)];

    /// <summary>What was found, each in a few sentences that say what to do, in the order of kinds and keys.</summary>
    public IReadOnlyList<string> All() =>
    [
        .. _rows.OrderBy(r => r.Key.Kind, StringComparer.Ordinal).ThenBy(r => r.Key.Key, StringComparer.Ordinal)
            .Select(r => r.Value),
    ];

    /// <summary>What is wrong with the head of a log, or null.</summary>
    public string? HeadOf(string origin) => _rows.GetValueOrDefault((LogRowKind.Head, origin));

    /// <summary>The logs of which the head is damaged.</summary>
    public IReadOnlyList<string> DamagedHeads() =>
        [.. _rows.Keys.Where(r => r.Kind == LogRowKind.Head).Select(r => r.Key).Order(StringComparer.Ordinal)];

    /// <summary>Notes a damaged row.</summary>
    /// <returns>What is wrong and what to do.</returns>
    public string Note(CorruptStateException damage)
    {
        ArgumentNullException.ThrowIfNull(damage);
        var text = $"{damage.Message} {AdviceFor(damage.Kind ?? "", damage.Key ?? "")}";
        Note(damage.Kind ?? "", damage.Key ?? "", text);
        return text;
    }

    /// <summary>Notes damage that is not a row's, or that was mended already.</summary>
    /// <param name="kind">What is damaged.</param>
    /// <param name="key">Which one.</param>
    /// <param name="text">What is wrong and what to do.</param>
    public void Note(string kind, string key, string text)
    {
        if (_rows.Count < MaxRows && _rows.TryAdd((kind, key), text))
        {
            LogDamage(text);
            Found?.Invoke(kind, key);
        }
    }

    /// <summary>Forgets a row that could be read after all: somebody mended it.</summary>
    public void Clear(string kind, string key) => _rows.TryRemove((kind, key), out _);

    private string AdviceFor(string kind, string key) => kind switch
    {
        LogRowKind.Request => "The request with this idempotency key cannot be repeated; send it with another one, or "
            + "stop the node and restore its database from a copy.",
        LogRowKind.Bundle or LogRowKind.Payloads =>
            $"The node writes this row anew once a peer has given its entries. If that does not happen: {AdviceForLog(key)}",
        LogRowKind.Tile =>
            $"The node writes this row anew from the rows below it. If that does not happen: {AdviceForLog(key)}",
        LogRowKind.Head or LogRowKind.Fork => AdviceForLog(key),
        _ => RestoreAdvice,
    };

    private string AdviceForLog(string key) => identity?.KeyOf(SealedPlace.OriginOf(key)) is not null
        ? RestoreAdvice
        : "Stop the node and restore its database from a copy, or delete the row '" + LogRowKind.Head
            + "' of this log: the node then fetches the log from its peers again.";

    /// <summary>What to do where nothing but a copy helps.</summary>
    internal const string RestoreAdvice =
        "Stop the node and restore its database from a copy: what is newer than the copy comes back from the peers.";

    [LoggerMessage(1, LogLevel.Error, "{Damage}")]
    private partial void LogDamage(string damage);
}
