using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers;

/// <summary>
/// The shares of keys for seller tags that this node holds. Those in its folder are opened at its start, so that a bad one stops
/// it with a clear message; one that is installed later is opened when it is first needed. Safe from any thread.
/// </summary>
internal sealed partial class HeldShares : IDisposable
{
    private readonly ConcurrentDictionary<Hash256, KeyShare> _shares = [];
    private readonly NodeFolder? _folder;
    private readonly NodeConfig? _config;
    private readonly Lock _lock = new();

    // Taken for reading by who evaluates with a share, for writing by who destroys one.
    private readonly ReaderWriterLockSlim _uses = new();
    private (string File, DateTime Written) _refused;

    /// <summary>Takes shares over and disposes them.</summary>
    public HeldShares(params IEnumerable<KeyShare> shares)
    {
        foreach (var share in shares)
        {
            Add(share, share.ToString());
        }
    }

    private HeldShares(NodeFolder folder, NodeConfig config)
        : this([])
    {
        _folder = folder;
        _config = config;
    }

    /// <summary>Opens the shares in a node's folder; without any no passphrase is needed.</summary>
    /// <exception cref="NodeFolderException">A file cannot be opened, or the passphrase is missing.</exception>
    public static HeldShares Load(NodeFolder folder, NodeConfig config)
    {
        var files = ShareFiles.All(folder.SellerKeyFolder);
        var held = new HeldShares(folder, config);
        if (files.Count == 0)
        {
            return held;
        }

        using var passphrase = SharePassphrase.OfNode(folder, config);
        try
        {
            foreach (var file in files)
            {
                held.Add(ShareFiles.Read(file, passphrase, config.Member), file);
            }

            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The share of exactly this key with these holders, or null.</summary>
    /// <param name="key">The key.</param>
    /// <param name="logger">Is told if a share has come into the folder that cannot be opened.</param>
    public KeyShare? Of(SharedKey key, ILogger logger) =>
        _shares.TryGetValue(key.Digest, out var share) ? share : TakeUp(key, logger);

    /// <summary>Does something with a share, which is not destroyed meanwhile; false if there is none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="logger">As in <see cref="Of"/>.</param>
    /// <param name="use">What is done; must not wait for anything.</param>
    /// <param name="result">What came of it.</param>
    public bool TryUse<T>(SharedKey key, ILogger logger, Func<KeyShare, T> use, [MaybeNullWhen(false)] out T result)
    {
        _uses.EnterReadLock();
        try
        {
            var share = Of(key, logger);
            result = share is null ? default : use(share);
            return share is not null;
        }
        finally
        {
            _uses.ExitReadLock();
        }
    }

    /// <summary>Destroys the share of a key: the file first, then what is in memory, when nobody uses it. Whether there was one.</summary>
    /// <exception cref="NodeFolderException">The file cannot be deleted.</exception>
    public bool Destroy(SharedKey key)
    {
        var file = _folder is null ? null : ShareFiles.PathOf(_folder.SellerKeyFolder, key);
        var isFile = File.Exists(file);
        try
        {
            if (isFile)
            {
                File.Delete(file!);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeFolderException($"{file}, a share of a key that others hold now, cannot be deleted: {e.Message}", e);
        }

        _uses.EnterWriteLock();
        try
        {
            var isHeld = _shares.TryRemove(key.Digest, out var share);
            share?.Dispose();
            return isHeld || isFile;
        }
        finally
        {
            _uses.ExitWriteLock();
        }
    }

    /// <summary>
    /// The file of a share that was there at the start and makes tags with fewer holders than the key now takes, if it is still
    /// there: of a key that was dealt, the key itself.
    /// </summary>
    /// <param name="key">A key of the roster in force.</param>
    public string? LeftoverOf(SharedKey key)
    {
        var former = _shares.Values.FirstOrDefault(
            s => s.Key.PublicKey == key.PublicKey && s.Key.Scheme == key.Scheme && s.Key.Threshold < key.Threshold);
        var file = former is null || _folder is null ? null : ShareFiles.PathOf(_folder.SellerKeyFolder, former.Key);
        return File.Exists(file) ? file : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var share in _shares.Values)
        {
            share.Dispose();
        }

        _uses.Dispose();
    }

    /// <summary>Looks for a share that has come since the start; a bad file is tried once.</summary>
    private KeyShare? TakeUp(SharedKey key, ILogger logger)
    {
        if (_folder is null || _config is null || key.NumberOf(_config.Member) == 0)
        {
            return null;
        }

        var file = ShareFiles.PathOf(_folder.SellerKeyFolder, key);
        lock (_lock)
        {
            if (_shares.TryGetValue(key.Digest, out var share) || !File.Exists(file)
                || _refused == (file, File.GetLastWriteTimeUtc(file)))
            {
                return share;
            }

            try
            {
                using var passphrase = SharePassphrase.OfNode(_folder, _config);
                share = ShareFiles.Read(file, passphrase, _config.Member);
                Add(share, file);
                LogTaken(logger, key);
                return share.Key.Equals(key) ? share : null;
            }
            catch (NodeFolderException fault)
            {
                _refused = (file, File.GetLastWriteTimeUtc(file));
                LogRefused(logger, fault);
                return null;
            }
        }
    }

    private void Add(KeyShare share, string where)
    {
        if (!_shares.TryAdd(share.Key.Digest, share))
        {
            share.Dispose();
            throw new NodeFolderException($"{where} holds a share that another file of the folder holds, too: delete one of them.");
        }
    }

    [LoggerMessage(1, LogLevel.Information, "The share of the key {Key} was installed and serves.")]
    private static partial void LogTaken(ILogger logger, SharedKey key);

    [LoggerMessage(2, LogLevel.Error, "A share that came into the folder cannot be opened.")]
    private static partial void LogRefused(ILogger logger, NodeFolderException fault);
}
