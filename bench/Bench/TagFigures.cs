using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Bench;

/// <summary>
/// Seller tags by three of five holders, in batches, one core: what a holder and a client take, beside the calls of libsodium
/// that are the least for it. What is least follows from RFC 9497: a holder multiplies each element by its share, and by its
/// weight in the proof, and adds that up; a client multiplies two elements by the weight for each answer and adds both up.
/// Seconds are of processor time, for both: what others on the machine take is not counted.
/// </summary>
internal static class TagFigures
{
    private const int Batch = VoprfBatch.MaxBatch;
    private const int Threshold = 3;
    private const int Holders = 5;
    private const double Sellers = 100e6;

    // 15 D1 - 10 D3 + 3 D5, the dearest of the sums over three of five holders that are done by additions.
    private static readonly int[] s_answering = [1, 3, 5];

    public static void Run(int rounds)
    {
        Console.WriteLine($"{Threshold} of {Holders} holders, batches of {Batch}, {rounds} rounds after one; min / median / max.");
        var shares = HoldCeremony();
        var figures = new Figures();
        for (var round = -1; round < rounds; round++)
        {
            var kept = round < 0 ? new Figures() : figures;
            kept.Multiplications.Add(Rate(() => BareRistretto.Multiply(Batch)));
            OneBatch(shares, kept);
        }

        figures.Print();
    }

    private static void OneBatch(KeyShare[] shares, Figures figures)
    {
        var identifiers = Enumerable.Range(0, Batch).Select(Identifier).ToList();
        var random = RandomNumberGenerator.GetBytes(Batch * VoprfClient.RandomSize);
        var key = shares[0].Key;
        ThresholdEvaluation? evaluation = null;
        var blinding = Seconds(() => evaluation = ThresholdTags.Blind(key, identifiers, random));
        var request = evaluation!.Blinded.ToArray().Select(p => p.ToArray()).ToArray();
        var answers = new Dictionary<int, HolderAnswer>();
        foreach (var number in s_answering)
        {
            var share = shares[number - 1];
            VoprfEvaluation? answer = null;
            var proofRandom = RandomNumberGenerator.GetBytes(DleqProof.RandomSize);
            var seconds = Seconds(() => Require(VoprfServer.TryEvaluate(share.Secret, request, proofRandom, out answer, out _)));
            figures.Holder.Add(Batch / seconds);
            figures.BareHolder.Add(Batch / Bare(request, 2, 1, 0));
            answers[number] = new HolderAnswer([.. answer!.Elements.Select(e => e.ToArray())], answer.Proof.ToArray());
        }

        var checking = Seconds(() =>
        {
            foreach (var (number, answer) in answers)
            {
                Require(evaluation.Accept(number, answer) == AnswerOutcome.Good);
            }
        });
        var finishing = Seconds(() => ThresholdTags.Finish(evaluation));
        figures.Add(blinding, checking, finishing, BareClient(request));
    }

    private static (double Blinding, double Checking, double Finishing) BareClient(byte[][] request) => (
        Bare(request, 1, 0, 1),
        Enumerable.Range(0, Threshold).Sum(_ => Bare(request, 2, 2, 0)),
        Bare(request, 1, AdditionsOfTheSum, 0));

    // 1111 - 1010 + 11 in binary: 3 doublings, and 4 + 2 + 2 - 1 additions.
    private const int AdditionsOfTheSum = 10;

    /// <summary>Seconds of the calls alone, for as many points and scalars as the batch has elements.</summary>
    private static double Bare(byte[][] request, int multiplications, int additions, int maps)
    {
        byte[] points = [.. request.SelectMany(p => p)];
        byte[] scalars = [.. points];
        for (var at = BareRistretto.Size - 1; at < scalars.Length; at += BareRistretto.Size)
        {
            scalars[at] &= 0x0f;
        }

        return Seconds(() => BareRistretto.Batch(points, scalars, multiplications, additions, maps));
    }

    private static KeyShare[] HoldCeremony()
    {
        ImmutableArray<string> names = [.. Enumerable.Range(1, Holders).Select(n => $"holder-{n}")];
        var plan = CeremonyPlan.ForNewKey("demo", new SellerScheme(SellerIdentifierType.Qq, 1), 1, Threshold, names);
        Require(Ceremony.TryOpen(plan, null, out var ceremony, out _));
        var participants = names
            .Select(n => new CeremonyParticipant(ceremony!, n, RandomNumberGenerator.GetBytes(CeremonyParticipant.SeedSize), null))
            .ToList();
        var bytes = plan.Encode().Length;
        var seconds = Seconds(() =>
        {
            while (ceremony!.Step < CeremonyStep.Done)
            {
                foreach (var participant in participants)
                {
                    Require(participant.TrySpeak(out var message, out _));
                    if (message is not null)
                    {
                        bytes += message.Encode().Length;
                        ceremony.Take(participant.Name, message);
                    }
                }
            }
        });
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"the ceremony of {Holders}: {bytes:N0} bytes in all logs, {1000 * seconds:N0} ms of one core with all participants"));
        return [.. participants.Select(p =>
        {
            Require(p.TryGetShare(out var share, out _));
            return share!;
        })];
    }

    private static SellerIdentifier Identifier(int i)
    {
        Require(SellerIdentifier.TryCanonicalize(
            SellerIdentifierType.Qq, (100_000 + i).ToString(CultureInfo.InvariantCulture), null, out var identifier, out _));
        return identifier!;
    }

    private static double Rate(Action batch) => Batch / Seconds(batch);

    private static double Seconds(Action action)
    {
        // What was allocated before is not collected at the cost of what is measured.
        GC.Collect();
        var begun = Environment.CpuUsage.TotalTime;
        action();
        return (Environment.CpuUsage.TotalTime - begun).TotalSeconds;
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new InvalidOperationException("A step of the measurement failed.");
        }
    }

    private sealed class Figures
    {
        public List<double> Multiplications { get; } = [];

        public List<double> Holder { get; } = [];

        public List<double> BareHolder { get; } = [];

        private readonly List<double>[] _client = [[], [], [], []];
        private readonly List<double>[] _bare = [[], [], [], []];

        public void Add(double blinding, double checking, double finishing, (double Blinding, double Checking, double Finishing) bare)
        {
            double[] ours = [blinding, checking, finishing, blinding + checking + finishing];
            double[] least = [bare.Blinding, bare.Checking, bare.Finishing, bare.Blinding + bare.Checking + bare.Finishing];
            for (var i = 0; i < ours.Length; i++)
            {
                _client[i].Add(Batch / ours[i]);
                _bare[i].Add(Batch / least[i]);
            }
        }

        public void Print()
        {
            Figure.Print("limit: multiplications of libsodium", "/s", Multiplications);
            var holder = Beside("holder: evaluate and prove", Holder, BareHolder);
            string[] parts =
                ["client: blind", $"client: check {Threshold} answers", "client: combine, unblind, hash", "client: all of it"];
            var client = 0.0;
            for (var i = 0; i < parts.Length; i++)
            {
                client = Beside(parts[i], _client[i], _bare[i]);
            }

            var proof = (double)DleqProof.Size / Batch;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"bytes an evaluation, for each holder asked: {RistrettoPoint.Size} out, {RistrettoPoint.Size + proof:0.000} back"));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"100 million sellers: {Sellers / holder / 3600:0.0} core hours of each holder, {Sellers / client / 3600:0.0} of the client, "
                + $"{Sellers * RistrettoPoint.Size / 1e9:0.0} GB each way for each holder"));
        }

        private static double Beside(string what, List<double> ours, List<double> bare)
        {
            var median = Figure.Print(what, "elements/s", ours);
            Figure.Print("beside: the calls of libsodium alone", "elements/s", bare);
            Figure.PrintRatio("ratio", ours, bare);
            return median;
        }
    }
}
