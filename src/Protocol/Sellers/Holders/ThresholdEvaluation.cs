namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>
/// The client's side of one batch with a key held in shares: what to send, answers as they arrive, who is still missing, who
/// answered wrongly, and the outputs as soon as the threshold of good answers is there. The outputs are those of the
/// whole key, bit by bit, whichever holders answered. Owns the blinds and erases them. For one caller at a time.
/// </summary>
public sealed class ThresholdEvaluation : IDisposable
{
    private readonly BlindState[] _states;
    private readonly RistrettoPoint[] _blinded;
    private readonly SortedDictionary<int, RistrettoPoint[]> _good = [];
    private readonly List<HolderFault> _faults = [];
    private bool _finished;

    /// <summary>Starts with nothing answered.</summary>
    /// <param name="key">The key, as the coalition published it.</param>
    /// <param name="states">1 to <see cref="VoprfBatch.MaxBatch"/> blinded inputs of the verifiable mode, never sent before;
    /// this object disposes them.</param>
    /// <exception cref="ArgumentException">The number of inputs is not allowed.</exception>
    public ThresholdEvaluation(SharedKey key, IReadOnlyList<BlindState> states)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(states);
        VoprfBatch.RequireAllowedCount(states.Count);
        Key = key;
        _states = [.. states];
        _blinded = Array.ConvertAll(_states, s => s.BlindedElement);
    }

    /// <summary>The key.</summary>
    public SharedKey Key { get; }

    /// <summary>What goes to every holder that is asked, in this order.</summary>
    public ReadOnlySpan<RistrettoPoint> Blinded => _blinded;

    /// <summary>How many more good answers are needed; 0 when <see cref="Finish"/> may be called.</summary>
    public int Needed => Key.Threshold - _good.Count;

    /// <summary>Whether there are enough good answers.</summary>
    public bool IsComplete => Needed == 0;

    /// <summary>Whether enough holders are left that have not answered wrongly.</summary>
    public bool CanComplete => Key.Holders.Length - _faults.Count >= Key.Threshold;

    /// <summary>The numbers of the holders whose answers count, rising.</summary>
    public IReadOnlyList<int> Good => [.. _good.Keys];

    /// <summary>The numbers of the holders that have not answered, rising: whom to ask, or to ask again.</summary>
    public IReadOnlyList<int> Unheard =>
        [.. Enumerable.Range(1, Key.Holders.Length).Where(n => !HasAnswered(n))];

    /// <summary>Who answered wrongly, in the order of arrival.</summary>
    public IReadOnlyList<HolderFault> Faults => _faults;

    /// <summary>Takes a holder's answer. A wrong one changes nothing but <see cref="Faults"/>.</summary>
    /// <param name="number">The holder's number.</param>
    /// <param name="answer">The answer as it came.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such holder.</exception>
    public AnswerOutcome Accept(int number, HolderAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        _ = Key.PublicShare(number);
        if (HasAnswered(number))
        {
            return AnswerOutcome.Repeated;
        }

        if (IsComplete)
        {
            return AnswerOutcome.NotNeeded;
        }

        if (HolderAnswerCheck.TryTake(Key, number, _blinded, answer, out var elements, out var fault))
        {
            _good.Add(number, elements);
            return AnswerOutcome.Good;
        }

        _faults.Add(fault);
        return AnswerOutcome.Bad;
    }

    /// <summary>
    /// The outputs in the order of the inputs, once. Combining and unblinding are one step: the inverse of the blind goes into
    /// the weights of the sum. Erases the blinds.
    /// </summary>
    /// <exception cref="InvalidOperationException">Good answers are missing, or this was called before.</exception>
    public VoprfOutput[] Finish()
    {
        if (!IsComplete || _finished)
        {
            throw new InvalidOperationException(
                _finished ? "The outputs were taken already." : $"{Needed} more good answers are needed.");
        }

        _finished = true;
        int[] numbers = [.. _good.Keys];
        RistrettoPoint[][] answers = [.. _good.Values];
        var sum = LagrangeSum.At(numbers);
        var inverses = GC.AllocateArray<RistrettoScalar>(_states.Length, pinned: true);
        var outputs = new VoprfOutput[_states.Length];
        Span<RistrettoPoint> evaluated = stackalloc RistrettoPoint[numbers.Length];
        try
        {
            InvertBlinds(inverses);
            for (var i = 0; i < outputs.Length; i++)
            {
                for (var j = 0; j < answers.Length; j++)
                {
                    evaluated[j] = answers[j][i];
                }

                var unblinded = sum.Combine(evaluated, in inverses[i]);
                outputs[i] = VoprfOutput.Of(_states[i].Input, in unblinded);
            }
        }
        finally
        {
            Erase(inverses);
            Dispose();
        }

        return outputs;
    }

    /// <summary>Erases the blinds and the inputs.</summary>
    public void Dispose()
    {
        foreach (var state in _states)
        {
            state.Dispose();
        }
    }

    private bool HasAnswered(int number) => _good.ContainsKey(number) || _faults.Exists(f => f.Number == number);

    /// <summary>
    /// All inverses by one inversion and three multiplications each (Montgomery): the inverse of the product of all, taken
    /// apart from the end.
    /// </summary>
    private void InvertBlinds(RistrettoScalar[] inverses)
    {
        // inverses[i] holds the product of the blinds before i, until it is turned into the inverse.
        var running = GC.AllocateArray<RistrettoScalar>(1, pinned: true);
        running[0] = RistrettoScalar.FromUInt64(1);
        for (var i = 0; i < inverses.Length; i++)
        {
            inverses[i] = running[0];
            running[0] = RistrettoScalar.Multiply(in running[0], in _states[i].Blind);
        }

        running[0] = RistrettoScalar.Invert(in running[0]);
        for (var i = inverses.Length - 1; i >= 0; i--)
        {
            inverses[i] = RistrettoScalar.Multiply(in inverses[i], in running[0]);
            running[0] = RistrettoScalar.Multiply(in running[0], in _states[i].Blind);
        }

        Erase(running);
    }

    private static void Erase(RistrettoScalar[] scalars)
    {
        foreach (ref var scalar in scalars.AsSpan())
        {
            scalar.Erase();
        }
    }
}
