using System.CommandLine;
using System.Globalization;
using FederationNode.Node.Folder;
using FederationNode.Node.Policies;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode policy</c>.</summary>
internal static class PolicyVerbs
{
    /// <summary>A file on its own belongs to nobody; the name is in no message.</summary>
    private const string Anybody = "self";

    public static Command Create() => new("policy", "Checks, shows and tries what turns listings into verdicts: policy.json.")
    {
        CheckVerb(), ShowVerb(), TryVerb(),
    };

    private static Verb CheckVerb()
    {
        var file = new Argument<string?>("FILE") { Description = "The policy; without it, policy.json of the folder.", Arity = ArgumentArity.ZeroOrOne };
        var data = Shared.Data();
        var verb = new Verb(
            "check",
            "Says whether a policy can be used, and if not, which line of it is wrong and what to do.",
            "fednode policy check new-policy.json",
            "fednode policy check --data ./acme")
        {
            file, data,
        };
        verb.Does((parsed, output, _) =>
        {
            var (path, policy) = Read(parsed.GetValue(file), parsed.GetValue(data));
            var notes = PolicyNotes.Of(policy.Verdicts);
            output.Json(new
            {
                file = path,
                present = policy.IsFromFile,
                verifiedSellers = policy.Verdicts.Allowed.SellerCount,
                sampleTexts = policy.Sample?.Texts.Length ?? 0,
                notes,
            });
            output.Line(policy.IsFromFile ? $"{path} can be used." : $"There is no {path}: the defaults hold.");
            foreach (var note in notes)
            {
                output.Line($"Note: {note}");
            }

            return Task.FromResult(ExitCode.Done);
        });
        return verb;
    }

    private static Verb ShowVerb()
    {
        var data = Shared.Data();
        data.Required = true;
        var verb = new Verb(
            "show",
            "Shows the policy in the folder with all defaults filled in, in the form of policy.json.",
            "fednode policy show --data ./acme")
        {
            data,
        };
        verb.Does((parsed, _, _) =>
        {
            var folder = new NodeFolder(parsed.GetRequiredValue(data)!);
            var policy = PolicyReader.Load(folder, folder.ReadConfig().Member);
            new Output(json: true).Json(policy.Document);
            return Task.FromResult(ExitCode.Done);
        });
        return verb;
    }

    private static Verb TryVerb()
    {
        var file = new Option<string?>("--policy") { Description = "The policy to try; without it, that of the folder.", HelpName = "FILE" };
        var sample = new SampleOptions("--texts", required: true);
        var top = new Option<int>("--top") { Description = "How many indicators to name.", DefaultValueFactory = _ => 20 };
        var data = Shared.Data();
        data.Required = true;
        var verb = new Verb(
            "try",
            "Says what a policy would make of recorded texts with the list that the node holds. Nothing leaves this machine.",
            "fednode policy try --policy new-policy.json --texts ads.csv --column text --data ./acme")
        {
            file, top, data,
        };
        sample.AddTo(verb);
        verb.Does(async (parsed, output, cancel) =>
        {
            var folder = new NodeFolder(parsed.GetRequiredValue(data)!);
            var member = folder.ReadConfig().Member;
            var policy = parsed.GetValue(file) is { } path ? PolicyReader.ReadFile(path, member) : PolicyReader.Load(folder, member);
            var texts = sample.Read(parsed)!.Value;
            await using var node = new StoppedNode(folder);
            var list = await node.OpenListAsync(policy, cancel);
            var trial = PolicyTrial.Run(list.Open(isStale: false), texts, Math.Clamp(parsed.GetValue(top), 0, 1000));
            output.Json(trial);
            Print(output, trial);
            return ExitCode.Done;
        });
        return verb;
    }

    private static (string File, NodePolicy Policy) Read(string? file, string? data)
    {
        if (file is not null)
        {
            return (file, PolicyReader.ReadFile(file, Anybody));
        }

        if (data is null)
        {
            throw new CliException(ExitCode.Usage, "Say which policy: FILE, or --data DIR.");
        }

        var folder = new NodeFolder(data);
        return (folder.PolicyFile, PolicyReader.Load(folder, folder.ReadConfig().Member));
    }

    private static void Print(Output output, PolicyTrial trial)
    {
        (string Verdict, int Texts)[] verdicts =
            [("block", trial.Block), ("review", trial.Review), ("signal", trial.Signal), ("none", trial.None)];
        output.Table(
            ["verdict", "texts", "of all"],
            verdicts
                .Select(v => (IReadOnlyList<string>)[v.Verdict, Number(v.Texts), Rate(v.Texts, trial.Texts)])
                .Append(["all", Number(trial.Texts), ""]));
        if (trial.Hits.Count > 0)
        {
            output.Table(
                ["verdict", "texts", "keyword", "category", "first place", "why"],
                trial.Hits.Select(h => (IReadOnlyList<string>)[h.Verdict, Number(h.Texts), h.Value, h.Category, h.Snippet, h.Reason]));
        }
    }

    /// <summary>A count for people.</summary>
    public static string Number(int count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A part of all for people.</summary>
    public static string Rate(int count, int all) =>
        string.Create(CultureInfo.InvariantCulture, $"{(all == 0 ? 0 : 100.0 * count / all):0.00} %");
}
