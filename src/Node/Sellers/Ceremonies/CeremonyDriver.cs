using System.Security.Cryptography;
using FederationNode.Grains;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers.Ceremonies;

/// <summary>
/// This node's part in key ceremonies: says what is to be said, keeps the share, forgets the seed when the roster has moved on, and
/// destroys former shares of keys that others hold now. Whatever it says follows from the seed and the logs, so it may
/// be stopped anywhere: the seed is on the disk before the first word, the share before it is confirmed.
/// </summary>
internal sealed partial class CeremonyDriver(
    CeremonyBoard board,
    NamedKeys named,
    ICeremonyLogs logs,
    HeldShares shares,
    NodeFolder folder,
    NodeConfig config,
    NodeIdentity identity,
    RosterBoard roster,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<CeremonyDriver> logger) : BackgroundService
{
    /// <summary>How often it looks whether it is its turn.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<Hash256, byte[]> _seeds = [];
    private int _destroyedAt;

    /// <summary>Does what is to be done now.</summary>
    /// <param name="cancellationToken">Stops it between words.</param>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        var seeds = CeremonySeeds.All(folder);
        if (seeds.Count == 0 && roster.Current?.Version == _destroyedAt)
        {
            return;
        }

        if (seeds.Count > 0)
        {
            // What others have said since.
            await logs.ReadOnAsync(cancellationToken);
        }

        await board.UseAsync(
            async planned =>
            {
                foreach (var one in planned.Where(p => seeds.Contains(p.Plan.Id)))
                {
                    await TakePartAsync(one, cancellationToken);
                }

                DestroyFormer();
                return true;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var seed in _seeds.Values)
        {
            CryptographicOperations.ZeroMemory(seed);
        }

        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await StepAsync(stoppingToken);
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    LogFailed(failure);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left is done after the next start.
        }
    }

    private async Task TakePartAsync(PlannedCeremony planned, CancellationToken cancel)
    {
        var id = planned.Plan.Id;
        try
        {
            if (board.IsInForce(planned))
            {
                LogInForce(planned.Plan.Scheme);
                Forget(id);
            }
            else if (planned.Ceremony is not { } ceremony)
            {
                // The roster that names the key is on its way; a plan for no key at all runs out like others.
                if (planned.IsOver(clock.GetUtcNow().ToUnixTimeSeconds()))
                {
                    Forget(id);
                }
            }
            else if (!board.IsStillWanted(planned) || (!planned.HasConfirmed(identity.Member) && IsGivenUp(planned, ceremony)))
            {
                LogGivenUp(planned.Plan.Scheme, planned.Plan.Attempt);
                GiveUp(ceremony, id);
            }
            else if (planned.IsNewest)
            {
                await SpeakAsync(ceremony, cancel);
            }
        }
        catch (NodeFolderException fault)
        {
            Note(id, fault.Message);
        }
    }

    private bool IsGivenUp(PlannedCeremony planned, Ceremony ceremony) =>
        ceremony.Step == CeremonyStep.Failed || !planned.IsNewest || planned.IsOver(clock.GetUtcNow().ToUnixTimeSeconds());

    /// <summary>The share first: while the seed is there, this is done again.</summary>
    private void GiveUp(Ceremony ceremony, Hash256 id)
    {
        if (ceremony.Key is { } key)
        {
            shares.Destroy(key);
        }

        Forget(id);
    }

    private void Forget(Hash256 id)
    {
        CeremonySeeds.Delete(folder, id);
        if (_seeds.Remove(id, out var seed))
        {
            CryptographicOperations.ZeroMemory(seed);
        }

        board.NoteError(id, null);
    }

    private async Task SpeakAsync(Ceremony ceremony, CancellationToken cancel)
    {
        var id = ceremony.Plan.Id;
        if (identity.WrittenLog(roster.Current, Origin.Receipts)?.Origin is not { } log)
        {
            Note(id, "This node has no open receipts log to speak in: the roster must name one.");
            return;
        }

        // What it said last may not have been read yet.
        await logs.ReadOnAsync(cancel);
        if (!logs.IsCaughtUp(log))
        {
            return;
        }

        if (!TryFindWords(ceremony, out var message, out var error))
        {
            Note(id, error);
            return;
        }

        board.NoteError(id, null);
        if (message is null)
        {
            return;
        }

        if (await logs.SayAsync(log, message, cancel) is { } refusal)
        {
            Note(id, refusal);
            return;
        }

        LogSaid(message.Step, ceremony.Plan.Scheme, ceremony.Plan.Attempt);
        await logs.ReadOnAsync(cancel);
    }

    private bool TryFindWords(Ceremony ceremony, out CeremonyMessage? message, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        CeremonyMessage? words = null;
        string? fault = null;
        var seed = SeedOf(ceremony.Plan.Id);
        bool Find(KeyShare? old)
        {
            using var participant = new CeremonyParticipant(ceremony, identity.Member, seed, old);
            if (!participant.TrySpeak(out words, out fault))
            {
                return false;
            }

            if (words is Confirmation)
            {
                // On the disk before anybody relies on it.
                fault = Keep(participant);
            }

            return fault is null;
        }

        var deals = ceremony.Base is not null && ceremony.Dealers.Contains(identity.Member);
        var found = !deals ? Find(null)
            : shares.TryUse(ceremony.Base!, logger, Find, out var isFound) ? isFound
            : false;
        error = found ? null
            : fault ?? $"This node deals its share of the key {ceremony.Base}, and does not hold it: bring it back from a copy.";
        message = words;
        return found;
    }

    private string? Keep(CeremonyParticipant participant)
    {
        if (!participant.TryGetShare(out var share, out var error))
        {
            return error;
        }

        using (share)
        {
            NodeFolder.CreateFolder(folder.SellerKeyFolder);
            using var passphrase = SharePassphrase.OfNode(folder, config);
            ShareFiles.Write(folder.SellerKeyFolder, share, passphrase);
            return null;
        }
    }

    private byte[] SeedOf(Hash256 id)
    {
        if (!_seeds.TryGetValue(id, out var seed))
        {
            using var passphrase = SharePassphrase.OfNode(folder, config);
            _seeds[id] = seed = CeremonySeeds.Read(folder, id, passphrase);
        }

        return seed;
    }

    private void DestroyFormer()
    {
        if (named.Version == _destroyedAt)
        {
            return;
        }

        foreach (var key in named.Former())
        {
            if (shares.Destroy(key))
            {
                LogDestroyed(key);
            }
        }

        _destroyedAt = named.Version;
    }

    private void Note(Hash256 id, string error)
    {
        if (board.NoteError(id, error))
        {
            LogStuck(id, error);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Said in the ceremony for the key {Scheme}, attempt {Attempt}: {Step}.")]
    private partial void LogSaid(string step, Protocol.Sellers.SellerScheme scheme, int attempt);

    [LoggerMessage(2, LogLevel.Information, "The key {Scheme} of a ceremony is in force; what was drawn for the ceremony is erased.")]
    private partial void LogInForce(Protocol.Sellers.SellerScheme scheme);

    [LoggerMessage(3, LogLevel.Warning, "The ceremony for the key {Scheme}, attempt {Attempt}, came to nothing; what was drawn for it is erased.")]
    private partial void LogGivenUp(Protocol.Sellers.SellerScheme scheme, int attempt);

    [LoggerMessage(4, LogLevel.Warning, "This node cannot go on with the ceremony {Id}: {Error}")]
    private partial void LogStuck(Hash256 id, string error);

    [LoggerMessage(5, LogLevel.Error, "Taking part in ceremonies failed; it is tried again.")]
    private partial void LogFailed(Exception failure);

    [LoggerMessage(6, LogLevel.Information, "The share of the key {Key} was destroyed: others hold the key now.")]
    private partial void LogDestroyed(SharedKey key);
}
