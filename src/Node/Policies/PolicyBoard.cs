using FederationNode.Detector.Settings;
using FederationNode.Matching.Policy;

namespace FederationNode.Node.Policies;

/// <summary>
/// The policy in force and the logs in quarantine. Readers take each once for a question; it is replaced whole. Safe from any
/// thread.
/// </summary>
/// <param name="first">The policy at start.</param>
internal sealed class PolicyBoard(NodePolicy first)
{
    private NodePolicy _current = first;
    private QuarantineTable _quarantines = QuarantineTable.Empty;
    private string? _fault;

    /// <summary>The policy in force.</summary>
    public NodePolicy Current => Volatile.Read(ref _current);

    /// <summary>What turns evidence into verdicts.</summary>
    public VerdictPolicy Verdicts => Current.Verdicts;

    /// <summary>The logs in quarantine.</summary>
    public QuarantineTable Quarantines => Volatile.Read(ref _quarantines);

    /// <summary>Sentences for people, of what needs one.</summary>
    public IEnumerable<string> Alarms
    {
        get
        {
            if (Volatile.Read(ref _fault) is { } fault)
            {
                yield return PolicyFile.NotInForce + fault;
            }

            foreach (var quarantine in Quarantines.All)
            {
                yield return
                    $"{quarantine.Member} is in quarantine: {quarantine.Excess}, more than \"flood\" in policy.json lets pass. "
                    + "What it lists since only signals. Look at it, then name the member in \"flood.released\", or in \"muted\".";
            }
        }
    }

    /// <summary>Puts another policy in force.</summary>
    public void Take(NodePolicy policy)
    {
        Volatile.Write(ref _current, policy);
        Volatile.Write(ref _fault, null);
    }

    /// <summary>The policy on the disk cannot be used; null: it is the one in force.</summary>
    public void Refuse(string? fault) => Volatile.Write(ref _fault, fault);

    /// <summary>Puts logs in quarantine, in the place of those before.</summary>
    public void Hold(QuarantineTable quarantines) => Volatile.Write(ref _quarantines, quarantines);
}
