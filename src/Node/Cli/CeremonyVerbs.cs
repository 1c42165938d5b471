using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Node.Sellers;
using FederationNode.Node.Sellers.Ceremonies;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>
/// <c>fednode seller-keys ceremony</c>: keys for seller tags that nobody ever has whole, and keys that others get to hold. Planned by
/// the secretariat, agreed to by each participant's operator, held by the nodes, put into force by the secretariat.
/// </summary>
internal static class CeremonyVerbs
{
    private const string All = "all";
    private const int ShownId = 16;

    public static Command Create() => new("ceremony", "Makes keys that nobody ever has whole, and hands keys over to other holders.")
    {
        StartVerb(), StatusVerb(), JoinVerb(), PublishVerb(),
    };

    private static Verb StartVerb()
    {
        var data = Shared.DataOfRunning();
        data.Required = true;
        var holders = new Option<string[]>("--holders") { Description = "The members that hold the shares afterwards, with commas between them, 2 to 32.", HelpName = "NAMES", Required = true, AllowMultipleArgumentsPerToken = false };
        var threshold = new Option<int?>("--threshold") { Description = "How many of them make a tag together. Default: more than half.", HelpName = "T" };
        var types = SellerTypes.Option();
        types.Description = "The kinds of seller identifiers whose keys are made or handed over, with commas between them.";
        var epoch = new Option<int>("--epoch") { Description = "The epoch of the keys. A key that the roster names is handed over, and its tags stay; of another a new one is made.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var without = new Option<string[]>("--without") { Description = "Present holders that do not deal, since they do not answer or dealt wrongly.", HelpName = "NAMES", AllowMultipleArgumentsPerToken = false };
        var verb = new Verb(
            "start",
            "Plans a ceremony for each key: the nodes of the holders hold it once their operators have joined. At the "
                + "secretariat's node.",
            "fednode seller-keys ceremony start --holders wwf,traffic,acme,globex,initech --threshold 3 --seller-types tel --data ./secretariat",
            "fednode seller-keys ceremony start --holders wwf,traffic,acme --without globex --seller-types tel --data ./secretariat")
        {
            data, holders, threshold, types, epoch, without,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var names = Names(parsed.GetValue(holders));
            using var client = NodeTarget.Running(parsed.GetValue(data), null, null, ApiRole.Operator);
            var views = new List<CeremonyView>();
            foreach (var type in SellerTypes.Parse(parsed.GetRequiredValue(types)))
            {
                var request = new CeremonyRequest(
                    type.Name,
                    SellerTagging.CheckEpoch(parsed.GetValue(epoch)),
                    parsed.GetValue(threshold) ?? ((names.Length / 2) + 1),
                    names,
                    Names(parsed.GetValue(without)));
                views.Add(await client.PostAsync<CeremonyRequest, CeremonyView>(ApiRoutes.SellerCeremonies, request, cancel));
            }

            output.Json(views);
            Print(output, views);
            output.Line("The operator of each dealer and holder agrees with");
            output.Line("  fednode seller-keys ceremony join ID --data NODE");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb StatusVerb()
    {
        var (data, url, key) = (Shared.DataOfRunning(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "status",
            "Shows the ceremonies, how far each has come, who is awaited, and who broke the rules.",
            "fednode seller-keys ceremony status --data ./acme",
            "fednode seller-keys ceremony status --data ./acme --json")
        {
            data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            using var client = NodeTarget.Running(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Auditor);
            var views = await ReadAsync(client, cancel);
            output.Json(views);
            Print(output, views);
            foreach (var view in views.Where(v => v.IsNewest))
            {
                PrintTrouble(output, view);
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb JoinVerb()
    {
        var ids = IdsArgument("The ceremonies, each by its id or how that begins (8 characters or more), as `status` shows them; "
            + $"`{All}` for all that wait for this member.");
        var data = Shared.DataOfRunning();
        data.Required = true;
        var verb = new Verb(
            "join",
            "Agrees that this node takes part in ceremonies, as a dealer or as a holder. Look at the holders before: whoever they are "
                + "can make any tag together.",
            "fednode seller-keys ceremony join 3c64b9fa787b2205 --data ./acme")
        {
            ids, data,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var folder = new NodeFolder(parsed.GetRequiredValue(data)!);
            using var client = NodeTarget.Running(folder.Path, null, null, ApiRole.Auditor);
            var open = (await ReadAsync(client, cancel))
                .Where(v => v is { IsNewest: true, IsInForce: false, HasPart: true, Step: not "failed" }).ToList();
            var chosen = Choose(open, parsed.GetRequiredValue(ids), "waits for this member");
            NodeFolder.CreateFolder(folder.SellerKeyFolder);
            using var passphrase = SharePassphrase.OfNodeOrNew(folder, folder.ReadConfig());
            foreach (var view in chosen.Where(v => !v.IsJoined))
            {
                CeremonySeeds.Create(folder, HashOf(view.Id), passphrase);
            }

            output.Json(chosen.Select(v => new { v.Id, v.Type, v.Epoch, v.Threshold, v.Holders }));
            Print(output, chosen);
            output.Line("The node takes part from now on. Keep it running until the ceremony is done.");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb PublishVerb()
    {
        var ids = IdsArgument($"The ceremonies, each by its id or how that begins; `{All}` for all that are done.");
        var data = Shared.DataOfRunning();
        data.Required = true;
        var verb = new Verb(
            "publish",
            "Signs and publishes the roster that names the outcome of ceremonies that are done. From then on the new holders make the "
                + "tags, which stay what they are, and the former ones destroy their shares. At the secretariat's node.",
            "fednode seller-keys ceremony publish all --data ./secretariat")
        {
            ids, data,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var folder = new NodeFolder(parsed.GetRequiredValue(data)!);
            NextRoster.RequireSecretariat(folder, "publishes keys");
            using var client = NodeTarget.Running(folder.Path, null, null, ApiRole.Auditor);
            var done = (await ReadAsync(client, cancel)).Where(v => v is { IsNewest: true, IsInForce: false, Step: "done" }).ToList();
            var chosen = Choose(done, parsed.GetRequiredValue(ids), "is done and waits to be published");
            var current = NextRoster.ReadCurrent(folder);
            var next = NextRoster.WithKeys(current, [.. chosen.Select(v => KeyOf(current, v))]);
            await NextRoster.PublishAsync(folder, next.Version, NextRoster.Sign(folder, current, next), cancel);
            output.Json(new { version = next.Version, keys = chosen.Select(v => new { v.Type, v.Epoch, v.Threshold, v.Holders }) });
            Print(output, chosen);
            output.Line(string.Create(
                CultureInfo.InvariantCulture, $"Roster version {next.Version} names them. The former holders' nodes destroy their shares."));
            return ExitCode.Done;
        });
        return verb;
    }

    private static Argument<string[]> IdsArgument(string description) => new("ID")
    {
        Description = description,
        Arity = ArgumentArity.OneOrMore,
    };

    private static SellerKey KeyOf(RosterDocument current, CeremonyView view)
    {
        var key = new SellerKey(view.Type, view.Epoch, HashOf(view.PublicKey!))
        {
            Holders = [.. view.Holders],
            Commitments = [.. view.Commitments.Select(c => HashOf(c))],
        };
        if (!key.TryOpen(out _, out var error))
        {
            throw new CliException(ExitCode.Refused, $"The outcome of the ceremony {view.Id} is no key: {error}");
        }

        return current.SellerKeyOf(view.Type, view.Epoch) is { } former && !former.MakesTagsOf(key)
            ? throw new CliException(
                ExitCode.Refused, $"The roster has another key for {view.Type}, epoch {view.Epoch}, by now: tags would change.")
            : key;
    }

    private static Hash256 HashOf(string text) => Hash256.TryParseLowerHex(text, out var hash)
        ? hash
        : throw new CliException(ExitCode.Refused, "The node's answer holds something else than 64 hex characters where they must be.");

    private static Task<IReadOnlyList<CeremonyView>> ReadAsync(NodeClient client, CancellationToken cancel) =>
        client.GetAsync<IReadOnlyList<CeremonyView>>(ApiRoutes.SellerCeremonies, cancel);

    private static List<CeremonyView> Choose(List<CeremonyView> offered, string[] ids, string what)
    {
        if (ids is [All])
        {
            return offered.Count > 0 ? offered : throw new CliException(ExitCode.Refused, $"No ceremony {what}: see `fednode seller-keys ceremony status`.");
        }

        return
        [
            .. ids.Select(id => id.Length >= 8 && offered.Where(v => v.Id.StartsWith(id, StringComparison.Ordinal)).ToList() is [var one]
                ? one
                : throw new CliException(
                    ExitCode.Refused, $"No ceremony {id} {what}: see `fednode seller-keys ceremony status`; 8 characters at least."))
                .Distinct(),
        ];
    }

    private static ImmutableArray<string> Names(string[]? values) =>
        [.. (values ?? []).SelectMany(v => v.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    private static void Print(Output output, IReadOnlyList<CeremonyView> views) => output.Table(
        ["ceremony", "key", "attempt", "dealers", "holders", "step", "since", "awaited", "here"],
        views.Select(v => (IReadOnlyList<string>)
        [
            v.Id[..ShownId],
            string.Create(CultureInfo.InvariantCulture, $"{v.Type}/{v.Epoch}"),
            v.Attempt.ToString(CultureInfo.InvariantCulture),
            v.Base is null ? "new key" : string.Join(", ", v.Dealers),
            string.Create(CultureInfo.InvariantCulture, $"{v.Threshold} of {string.Join(", ", v.Holders)}"),
            v.IsInForce ? "in force" : v.IsNewest ? v.Step : $"{v.Step}, superseded",
            DateTimeOffset.FromUnixTimeSeconds(v.Since).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            string.Join(", ", v.Awaited) + (v.IsLate ? " (late)" : ""),
            v.IsJoined ? "joined" : v.HasPart ? "has a part" : "",
        ]));

    private static void PrintTrouble(Output output, CeremonyView view)
    {
        foreach (var fault in view.Faults)
        {
            output.Line($"{view.Id[..ShownId]}: {fault.Member} broke the rules: {fault.Text}");
        }

        if (view.Failure is { } failure)
        {
            output.Line($"{view.Id[..ShownId]}: {failure} The secretariat plans another attempt, without whom is named or does not answer.");
        }

        if (view.Error is { } error)
        {
            output.Line($"{view.Id[..ShownId]}: this node cannot go on: {error}");
        }
    }
}
