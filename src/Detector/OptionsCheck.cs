using System.Globalization;
using FederationNode.Detector.Replica;
using Microsoft.Extensions.Options;

namespace FederationNode.Detector;

/// <summary>Says what is wrong with options: all of it at once, and what to do.</summary>
internal sealed class OptionsCheck : IValidateOptions<FederationDetectorOptions>
{
    /// <summary>How a sentence begins that says what is wrong with the policy's file.</summary>
    public const string PolicyFile = "Replica.PolicyFile: ";

    private const int MaxNodes = 16;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, FederationDetectorOptions options)
    {
        var faults = FaultsOf(options).ToList();
        if (faults.Count == 0 && options.Replica?.PolicyFile is { } file && PolicyFollower.FaultOf(file) is { } fault)
        {
            faults.Add(PolicyFile + fault);
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    /// <summary>The key, read from its file if that is where it is.</summary>
    /// <exception cref="ArgumentException">The options are wrong, or the file has no key; says why.</exception>
    public static string Demand(FederationDetectorOptions options)
    {
        if (FaultsOf(options).ToList() is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join(' ', faults), nameof(options));
        }

        if (options.KeyFile is not { } file)
        {
            return options.Key!;
        }

        string key;
        try
        {
            key = File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"KeyFile {file} cannot be read: {e.Message}", nameof(options), e);
        }

        return IsKey(key) ? key : throw new ArgumentException($"KeyFile {file} does not hold a key.", nameof(options));
    }

    private static IEnumerable<string> FaultsOf(FederationDetectorOptions options)
    {
        if (options.Nodes.Count is 0 or > MaxNodes)
        {
            yield return $"Nodes must name 1 to {MaxNodes} addresses, such as http://127.0.0.1:7480, not {options.Nodes.Count}.";
        }

        foreach (var node in options.Nodes)
        {
            if (node is not { IsAbsoluteUri: true } || node.Scheme is not ("http" or "https") || node.PathAndQuery != "/")
            {
                yield return $"Nodes: {node} is no address of a node: write http://HOST:PORT.";
            }
        }

        if (options.Key is null == options.KeyFile is null)
        {
            yield return "Give either Key or KeyFile: api-keys/detector.key in the node's folder holds the key.";
        }
        else if (options.Key is { } key && !IsKey(key))
        {
            yield return "Key must be 1 to 1000 visible ASCII characters.";
        }

        foreach (var fault in (string?[])
            [
                Range("Timeout", options.Timeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(60)),
                options.Retries is < 0 or > 10 ? Text($"Retries must be 0 to 10, not {options.Retries}.") : null,
                Range("RetryDelay", options.RetryDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)),
                options.HedgeQuantile is { } q and not (>= 0.5 and <= 0.999)
                    ? Text($"HedgeQuantile must be 0.5 to 0.999 or null, not {q}.")
                    : null,
                Range("MinHedgeDelay", options.MinHedgeDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)),
                .. options.Replica is { } replica ? FaultsOf(replica) : [],
            ])
        {
            if (fault is not null)
            {
                yield return fault;
            }
        }
    }

    private static string?[] FaultsOf(ReplicaOptions replica) =>
    [
        replica.Folder is { Length: 0 } ? "Replica.Folder must name a folder, or be null." : null,
        replica.PolicyFile is { Length: 0 } ? "Replica.PolicyFile must name a file, or be null." : null,
        replica is { PolicyFile: not null, Policy: not null } ? "Give either Replica.Policy or Replica.PolicyFile." : null,
        replica.Policy is { Self.Length: 0 } ? "Replica.Policy.Self must name the node's member." : null,
        Range("Replica.MaxAge", replica.MaxAge, TimeSpan.FromSeconds(20), TimeSpan.FromDays(1)),
        Range("Replica.ReconnectDelay", replica.ReconnectDelay, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(60)),
        Range("Replica.Silence", replica.Silence, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
        replica.MaxIndicators is < 1 or > 100_000_000
            ? Text($"Replica.MaxIndicators must be 1 to 100000000, not {replica.MaxIndicators}.")
            : null,
    ];

    private static string? Range(string what, TimeSpan value, TimeSpan least, TimeSpan most) =>
        value < least || value > most ? Text($"{what} must be {least} to {most}, not {value}.") : null;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static bool IsKey(string key) => key.Length is >= 1 and <= 1000 && key.All(c => c is > ' ' and <= '~');
}
