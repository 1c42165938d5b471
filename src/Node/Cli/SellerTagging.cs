using System.CommandLine;
using FederationNode.Contracts.Api;
using FederationNode.Node.Sellers;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Cli;

/// <summary>Tags the one identifier of a command line.</summary>
internal static class SellerTagging
{
    /// <summary>The identifier given, or the first line of standard input.</summary>
    public static string ReadRaw(string argument) => argument != "-"
        ? argument
        : Console.In.ReadLine()?.Trim() ?? throw new CliException(ExitCode.Usage, "Standard input is empty: the identifier is expected there.");

    /// <summary>The option <c>--epoch</c>, of all epochs that count if it is left out.</summary>
    /// <param name="otherwise">What happens without it.</param>
    public static Option<int?> EpochOption(string otherwise) => new("--epoch") { Description = $"Epoch of the keys. {otherwise}", HelpName = "N" };

    /// <summary>The epochs to tag under: the one given, or all that count.</summary>
    /// <param name="epoch">The option <c>--epoch</c>.</param>
    /// <param name="read">Reads the keys that the roster names.</param>
    /// <param name="cancel">Stops the reading.</param>
    public static async Task<SellerEpochs> EpochsAsync(
        int? epoch, Func<CancellationToken, Task<SellerKeysResponse>> read, CancellationToken cancel) => epoch is { } one
        ? SellerKeyEpochs.Only(CheckEpoch(one))
        : SellerKeyEpochs.Counting(await read(cancel));

    /// <summary>The identifier's tags, the newest epoch first, and behind them those of what it also stands for.</summary>
    /// <exception cref="CliException">There is no such type or epoch, or the identifier is none of the type.</exception>
    public static async Task<IReadOnlyList<SchemedTag>> TagAsync(
        SellerEvaluator evaluate, string type, SellerEpochs epochs, string raw, string? region, CancellationToken cancel)
    {
        var sellers = new[] { new RawSeller(ParseType(type), raw, region) };
        var tagged = (await SellerTagger.TagAsync(evaluate, epochs, sellers, cancel))[0];
        return tagged.Error is not { } error ? tagged.Tags
            : throw new CliException(ExitCode.Refused, tagged.LacksKey ? error : $"The identifier is no {type}: {error}");
    }

    /// <summary>Reads the option <c>--type</c>.</summary>
    public static SellerIdentifierType ParseType(string type) => SellerIdentifierType.TryParse(type, out var parsed, out var error)
        ? parsed
        : throw new CliException(ExitCode.Usage, $"--type: {error}");

    /// <summary>The option <c>--epoch</c>, if it can be one.</summary>
    public static int CheckEpoch(int epoch) => epoch is >= 1 and <= SellerScheme.MaxEpoch
        ? epoch
        : throw new CliException(ExitCode.Usage, $"--epoch: an epoch is a number from 1 to {SellerScheme.MaxEpoch}.");
}
