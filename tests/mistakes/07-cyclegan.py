"""Answers to section 7. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

from collections import deque

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- cycle_loss -------------------------------------------------------------------------------------------------------


@right("cycle_loss")
def mean_of_absolutes(x, x_cycled):
    return (x - x_cycled).abs().mean()


@right("cycle_loss")
def library_l1(x, x_cycled):
    return F.l1_loss(x_cycled, x)


@right("cycle_loss")
def module_l1(x, x_cycled):
    return nn.L1Loss(reduction="sum")(x_cycled, x) / x.numel()


@right("cycle_loss")
def one_norm(x, x_cycled):
    return torch.linalg.vector_norm(x - x_cycled, ord=1) / x.numel()


@right("cycle_loss")
def larger_minus_smaller(x, x_cycled):
    return (torch.maximum(x, x_cycled) - torch.minimum(x, x_cycled)).mean()


@right("cycle_loss")
def mean_of_means(x, x_cycled):
    return torch.stack([(copy - original).abs().mean() for original, copy in zip(x, x_cycled, strict=True)]).mean()


@wrong("cycle_loss", caught_by="images")
def squares(x, x_cycled):
    return F.mse_loss(x_cycled, x)


@wrong("cycle_loss", caught_by="images", says="same factor, 0.5")
def halved(x, x_cycled):
    return 0.5 * (x - x_cycled).abs().mean()


@wrong("cycle_loss", caught_by="points")
def summed(x, x_cycled):
    return (x - x_cycled).abs().sum()


@wrong("cycle_loss", caught_by="points")
def distance_of_points(x, x_cycled):
    return (x - x_cycled).flatten(1).norm(dim=1).mean()


@wrong("cycle_loss", caught_by="points")
def sum_per_sample(x, x_cycled):
    return (x - x_cycled).abs().flatten(1).sum(1).mean()


@wrong("cycle_loss", caught_by="batch_of_one", says="shape")
def one_number_per_picture(x, x_cycled):
    return (x - x_cycled).abs().flatten(1).mean(1)


@wrong("cycle_loss", caught_by="errors_that_cancel")
def absolute_of_the_mean(x, x_cycled):
    return (x - x_cycled).mean().abs()


@wrong("cycle_loss", caught_by="errors_that_cancel")
def no_absolute(x, x_cycled):
    return (x - x_cycled).mean()


@wrong("cycle_loss", caught_by="small_errors")
def huber(x, x_cycled):
    return F.smooth_l1_loss(x_cycled, x)


@wrong("cycle_loss", caught_by="small_errors")
def rounded_corner(x, x_cycled):
    return ((x - x_cycled).square() + 1e-4).sqrt().mean()


@wrong("cycle_loss", caught_by="perfect_copy")
def root_with_a_constant(x, x_cycled):
    return ((x - x_cycled).square() + 1e-8).sqrt().mean()


@wrong("cycle_loss", caught_by="large_errors")
def clamped_to_pixels(x, x_cycled):
    return (x - x_cycled).abs().clamp(max=10).mean()


@wrong("cycle_loss", caught_by="double_precision", says="dtype")
def in_single_precision(x, x_cycled):
    return (x.float() - x_cycled.float()).abs().mean()


@wrong("cycle_loss", caught_by="images", says="gradient")
def cuts_the_cycle(x, x_cycled):
    return (x - x_cycled.detach()).abs().mean()


@wrong("cycle_loss", caught_by="images", says="modified")
def in_place(x, x_cycled):
    with torch.no_grad():
        x.sub_(x_cycled)
    return x.abs().mean() + 0 * x_cycled.sum()


# --- identity_loss ----------------------------------------------------------------------------------------------------


@right("identity_loss")
def absolute_difference(x, x_mapped):
    return torch.mean(torch.abs(x_mapped - x))


@right("identity_loss")
def l1_of_the_library(x, x_mapped):
    return F.l1_loss(x_mapped, x, reduction="mean")


@right("identity_loss")
def flat_norm_over_count(x, x_mapped):
    difference = (x_mapped - x).reshape(-1)
    return difference.norm(p=1) / len(difference)


@right("identity_loss")
def signs_times_differences(x, x_mapped):
    difference = x - x_mapped
    return (difference * difference.detach().sign()).mean()


@wrong("identity_loss", caught_by="images")
def mean_square(x, x_mapped):
    return (x - x_mapped).square().mean()


@wrong("identity_loss", caught_by="images", says="same factor, 0.5")
def with_its_usual_weight(x, x_mapped):
    return 0.5 * F.l1_loss(x_mapped, x)


@wrong("identity_loss", caught_by="images")
def gradient_of_squares(x, x_mapped):
    return F.mse_loss(x_mapped, x).sqrt()


@wrong("identity_loss", caught_by="points")
def total(x, x_mapped):
    return F.l1_loss(x_mapped, x, reduction="sum")


@wrong("identity_loss", caught_by="points")
def total_over_the_batch(x, x_mapped):
    return (x - x_mapped).abs().sum() / len(x)


@wrong("identity_loss", caught_by="batch_of_one", says="shape")
def mean_over_the_batch_only(x, x_mapped):
    return (x - x_mapped).abs().mean(0)


@wrong("identity_loss", caught_by="batch_of_one")
def batch_squeezed_away(x, x_mapped):
    x, x_mapped = x.squeeze(), x_mapped.squeeze()
    return torch.stack([(u - v).abs().sum() / x[0].numel() for u, v in zip(x, x_mapped, strict=True)]).sum() / 1


@wrong("identity_loss", caught_by="errors_that_cancel")
def differences_cancel(x, x_mapped):
    return abs(x.mean() - x_mapped.mean())


@wrong("identity_loss", caught_by="small_errors")
def log_cosh(x, x_mapped):
    difference = (x - x_mapped).abs()
    return (difference + F.softplus(-2 * difference) - np.log(2)).mean()


@wrong("identity_loss", caught_by="small_errors")
def forgives_small_errors(x, x_mapped):
    return F.huber_loss(x_mapped, x, delta=0.1) / 0.1


@wrong("identity_loss", caught_by="large_errors")
def pixels_clamped_first(x, x_mapped):
    return (x.clamp(-5, 5) - x_mapped.clamp(-5, 5)).abs().mean()


@wrong("identity_loss", caught_by="perfect_copy")
def plus_a_constant(x, x_mapped):
    return (x - x_mapped).abs().mean() + 1e-5


@wrong("identity_loss", caught_by="double_precision", says="dtype")
def through_float32(x, x_mapped):
    return F.l1_loss(x_mapped.float(), x.float())


@wrong("identity_loss", caught_by="images", says="gradient")
def through_numpy(x, x_mapped):
    return torch.tensor(np.abs(x.detach().numpy() - x_mapped.detach().numpy()).mean())


# --- cyclegan_generator_loss ------------------------------------------------------------------------------------------


@right("cyclegan_generator_loss")
def four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    cycles = (a - a_cycled).abs().mean() + (b - b_cycled).abs().mean()
    return adversarial + cycle_weight * cycles


@right("cyclegan_generator_loss")
def libraries(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    fooled = nn.BCEWithLogitsLoss()
    loss_a = fooled(d_a_fake_logits, torch.ones_like(d_a_fake_logits))
    loss_b = fooled(d_b_fake_logits, torch.ones_like(d_b_fake_logits))
    return loss_a + loss_b + cycle_weight * F.l1_loss(a_cycled, a) + cycle_weight * F.l1_loss(b_cycled, b)


@right("cyclegan_generator_loss")
def in_a_loop(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    total = 0.0
    for logits, x, cycled in ((d_a_fake_logits, b, b_cycled), (d_b_fake_logits, a, a_cycled)):
        total = total - F.logsigmoid(logits).mean() + cycle_weight * (x - cycled).abs().mean()
    return total


@right("cyclegan_generator_loss")
def sums_over_counts(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    zero = torch.zeros((), dtype=a.dtype)
    judges = [torch.logaddexp(zero, -logits).sum() / logits.numel() for logits in (d_a_fake_logits, d_b_fake_logits)]
    ways = [torch.linalg.vector_norm(x - y, 1) / x.numel() for x, y in ((a, a_cycled), (b, b_cycled))]
    return sum(judges) + cycle_weight * sum(ways)


@wrong("cyclegan_generator_loss", caught_by="one_batch")
def squared_cycles(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.mse_loss(a_cycled, a) + F.mse_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_batch")
def summed_cycles(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * ((a - a_cycled).abs().sum() + (b - b_cycled).abs().sum())


@wrong("cyclegan_generator_loss", caught_by="one_batch", says="same factor, 0.5")
def everything_halved(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight) / 2


@wrong("cyclegan_generator_loss", caught_by="one_batch")
def cycles_averaged(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b)) / 2


@wrong("cyclegan_generator_loss", caught_by="one_batch")
def minimax(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = -F.softplus(d_a_fake_logits).mean() - F.softplus(d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_batch")
def targets_zero(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(d_a_fake_logits).mean() + F.softplus(d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_batch")
def least_squares(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = (d_a_fake_logits - 1).square().mean() + (d_b_fake_logits - 1).square().mean()
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="weight_zero")
def weight_on_everything(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return cycle_weight * four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, 1.0)


@wrong("cyclegan_generator_loss", caught_by="weight_zero")
def ten_for_zero(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight or 10.0)


@wrong("cyclegan_generator_loss", caught_by="large_weight")
def always_ten(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, 10.0)


@wrong("cyclegan_generator_loss", caught_by="large_weight")
def weight_on_one_cycle(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b)


@wrong("cyclegan_generator_loss", caught_by="the_other_cycle_is_bad")
def forward_cycle_only(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (2 * F.l1_loss(a_cycled, a) + 0 * b_cycled.sum())


@wrong("cyclegan_generator_loss", caught_by="one_cycle_is_bad")
def backward_cycle_only(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (2 * F.l1_loss(b_cycled, b) + 0 * a_cycled.sum())


@wrong("cyclegan_generator_loss", caught_by="one_cycle_is_bad")
def worse_of_the_cycles(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * torch.maximum(F.l1_loss(a_cycled, a), F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="domains_of_different_shape")
def cycles_swapped(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial + cycle_weight * (F.l1_loss(b_cycled, a) + F.l1_loss(a_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="one_judge_is_fooled")
def one_judge_twice(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits, d_a_fake_logits, a, a_cycled, b, b_cycled, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_judge_is_fooled")
def loss_of_the_mean_logit(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = 2 * F.softplus(-(d_a_fake_logits.mean() + d_b_fake_logits.mean()) / 2)
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="unequal_batches")
def pooled_means(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    logits = torch.cat([d_a_fake_logits.flatten(), d_b_fake_logits.flatten()])
    errors = torch.cat([(a - a_cycled).flatten(), (b - b_cycled).flatten()])
    return 2 * F.softplus(-logits).mean() + cycle_weight * 2 * errors.abs().mean()


@wrong("cyclegan_generator_loss", caught_by="unequal_batches")
def added_before_the_mean(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = (F.softplus(-d_a_fake_logits) + F.softplus(-d_b_fake_logits)).mean()
    return adversarial + cycle_weight * ((a - a_cycled).abs() + (b - b_cycled).abs()).mean()


@wrong("cyclegan_generator_loss", caught_by="batch_of_one", says="shape")
def one_loss_per_sample(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean(0) + F.softplus(-d_b_fake_logits).mean(0)
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="flat_logits")
def first_column(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    d_a_fake_logits, d_b_fake_logits = d_a_fake_logits[:, 0], d_b_fake_logits[:, 0]
    return four_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="maps_of_logits")
def patches_added(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = sum(F.softplus(-x).sum() / len(x) for x in (d_a_fake_logits, d_b_fake_logits))
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="recognised_fakes")
def log_of_the_sigmoid(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = -sum(torch.sigmoid(x).log().mean() for x in (d_a_fake_logits, d_b_fake_logits))
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="recognised_fakes")
def log_with_a_constant(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = -sum((torch.sigmoid(x) + 1e-8).log().mean() for x in (d_a_fake_logits, d_b_fake_logits))
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="perfect_fakes")
def log_one_plus_exp(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = sum((torch.log(1 + torch.exp(x)) - x).mean() for x in (d_a_fake_logits, d_b_fake_logits))
    return adversarial + cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


@wrong("cyclegan_generator_loss", caught_by="double_precision", says="dtype")
def all_in_float32(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    tensors = (x.float() for x in (d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled))
    return four_terms(*tensors, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_batch", says="gradient")
def judges_for_show(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    return four_terms(d_a_fake_logits.detach(), d_b_fake_logits.detach(), a, a_cycled, b, b_cycled, cycle_weight)


@wrong("cyclegan_generator_loss", caught_by="one_batch")
def a_tuple_of_terms(d_a_fake_logits, d_b_fake_logits, a, a_cycled, b, b_cycled, cycle_weight):
    adversarial = F.softplus(-d_a_fake_logits).mean() + F.softplus(-d_b_fake_logits).mean()
    return adversarial, cycle_weight * (F.l1_loss(a_cycled, a) + F.l1_loss(b_cycled, b))


# --- ReplayPool -------------------------------------------------------------------------------------------------------


@right("ReplayPool")
class ListOfItems:
    def __init__(self, size):
        self.size, self.items = size, []

    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch, coins, slots, strict=True):
            item = item.detach().clone()
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                item, self.items[slot] = self.items[slot], item
            returned.append(item)
        return torch.stack(returned)


@right("ReplayPool")
class StorageMadeBeforehand:
    def __init__(self, size):
        self.size, self.count, self.storage = size, 0, None

    @torch.no_grad()
    def query(self, batch, coins, slots):
        if self.storage is None:
            self.storage = batch.new_empty(self.size, *batch.shape[1:])
        result = batch.clone()
        for i in range(len(batch)):
            if self.count < self.size:
                self.storage[self.count] = batch[i]
                self.count += 1
            elif coins[i] >= 0.5:
                result[i] = self.storage[slots[i]]
                self.storage[slots[i]] = batch[i]
        return result


@right("ReplayPool")
class DequeOfRows:
    def __init__(self, size):
        self.images = deque(maxlen=size)

    def query(self, batch, coins, slots):
        out = []
        for i, row in enumerate(batch.detach().split(1)):
            if len(self.images) < self.images.maxlen:
                self.images.append(row.clone())
                out.append(row)
            elif coins[i].item() > 0.5:
                k = slots[i].item()
                out.append(self.images[k])
                self.images[k] = row.clone()
            else:
                out.append(row)
        return torch.cat(out, dim=0)


@right("ReplayPool")
class OneGrowingTensor:
    def __init__(self, size: int):
        self.size = size
        self.stored = None

    def query(self, batch, coins, slots):
        batch = batch.detach().clone()
        returned = torch.empty_like(batch)
        for i, (coin, slot) in enumerate(zip(coins.tolist(), slots.tolist(), strict=True)):
            if self.stored is None:
                self.stored = batch[:1].clone()
                returned[i] = batch[i]
            elif len(self.stored) < self.size:
                self.stored = torch.cat([self.stored, batch[i : i + 1]])
                returned[i] = batch[i]
            elif coin < 0.5:
                returned[i] = batch[i]
            else:
                returned[i] = self.stored[slot].clone()
                self.stored[slot] = batch[i]
        return returned


@right("ReplayPool")
class DictionaryBySlot:
    def __init__(self, size):
        self.size = size
        self.by_slot = {}

    def query(self, batch, coins, slots):
        result = []
        for i in range(batch.shape[0]):
            new = torch.tensor(batch[i].tolist(), dtype=batch.dtype).reshape(batch.shape[1:])
            if len(self.by_slot) != self.size:
                self.by_slot[len(self.by_slot)] = new
            elif float(coins[i]) >= 0.5:
                slot = int(slots[i])
                old = self.by_slot.pop(slot)
                self.by_slot[slot] = new
                new = old
            result += [new]
        return torch.stack(result, 0)


def pool(change=None, **changes):
    """The list version with one thing changed, for the mistakes below."""

    class Pool:
        def __init__(self, size):
            self.size, self.items = size, []

        keep = staticmethod(lambda item: item.detach().clone())
        give = staticmethod(lambda item: item)
        pack = staticmethod(torch.stack)
        full = staticmethod(lambda pool: len(pool.items) >= pool.size)
        swaps = staticmethod(lambda coin: coin >= 0.5)

        def query(self, batch, coins, slots):
            returned = []
            for item, coin, slot in zip(batch, coins, slots, strict=True):
                if not self.full(self):
                    self.items.append(self.keep(item))
                    returned.append(self.give(item.detach()))
                elif self.swaps(coin):
                    returned.append(self.items[slot])
                    self.items[slot] = self.keep(item)
                else:
                    returned.append(self.give(item.detach()))
            return self.pack(returned)

    for name, value in changes.items():
        setattr(Pool, name, staticmethod(value))
    return Pool


@right("ReplayPool")
class TheChangeableOne(pool()):  # shows that each mistake below is the change, not the frame
    pass


@wrong("ReplayPool", caught_by="full_and_swapped")
class CoinTheOtherWay(pool(swaps=lambda coin: coin < 0.5)):
    pass


@wrong("ReplayPool", caught_by="full_and_kept")
class AlwaysSwaps(pool(swaps=lambda coin: True)):
    pass


@wrong("ReplayPool", caught_by="full_and_swapped")
class NeverSwaps(pool(swaps=lambda coin: False)):
    pass


@wrong("ReplayPool", caught_by="mixed_coins")
class OwnCoins(pool(swaps=lambda coin: torch.rand(()) >= 0.5)):
    pass


@wrong("ReplayPool", caught_by="full_in_the_middle")
class RoomForOneMore(pool(full=lambda pool: len(pool.items) > pool.size)):
    pass


@wrong("ReplayPool", caught_by="size_one")
class RoomForOneLess(pool(full=lambda pool: len(pool.items) >= max(1, pool.size - 1))):
    def __init__(self, size):
        super().__init__(size)
        self.items = [] if size > 1 else [torch.zeros(2)]


@wrong("ReplayPool", caught_by="batch_overwritten_later")
class StoresViews(pool(keep=lambda item: item.detach())):
    pass


@wrong("ReplayPool", caught_by="with_a_graph")
class StoresGraphs(pool(keep=lambda item: item.clone())):
    pass


@wrong("ReplayPool", caught_by="images", says="this returns a tuple of")
class ReturnsTheList(pool(pack=lambda items: items)):
    pass


@wrong("ReplayPool", caught_by="images", says="shape")
class CatsTheItems(pool(pack=torch.cat)):
    pass


@wrong("ReplayPool", caught_by="images", says="shape")
class AnAxisTooMany(
    pool(give=lambda item: item[None], pack=lambda items: torch.stack([x.reshape(1, -1) for x in items]))
):
    pass


@wrong("ReplayPool", caught_by="double_precision", says="dtype")
class StoresFloat32(
    pool(keep=lambda item: item.detach().float().clone(), pack=lambda items: torch.stack(items).float())
):
    pass


@wrong("ReplayPool", caught_by="while_it_fills")
class CoinsFromTheStart(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if coin < 0.5 or not self.items:
                returned.append(item)
                if len(self.items) < self.size:
                    self.items.append(item)
            else:
                slot = min(int(slot), len(self.items) - 1)
                returned.append(self.items[slot])
                self.items[slot] = item
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="while_it_fills")
class ReadsTheEmptySlot(pool()):
    def __init__(self, size):
        super().__init__(size)
        self.count, self.items = 0, None

    def query(self, batch, coins, slots):
        if self.items is None:
            self.items = batch.new_zeros(self.size, *batch.shape[1:])
        returned = batch.detach().clone()
        for i in range(len(batch)):
            if self.count < self.size:
                self.items[self.count] = batch[i].detach()
                self.count += 1
            if coins[i] >= 0.5:
                returned[i], self.items[slots[i]] = self.items[slots[i]].clone(), batch[i].detach()
        return returned


@wrong("ReplayPool", caught_by="full_in_the_middle")
class DecidesOncePerBatch(pool()):
    def query(self, batch, coins, slots):
        batch = batch.detach().clone()
        if len(self.items) < self.size:
            self.items = [*self.items, *batch][: self.size]
            return batch.clone()
        return super().query(batch, coins, slots)


@wrong("ReplayPool", caught_by="full_in_the_middle")
class FirstCoinForAll(pool()):
    def query(self, batch, coins, slots):
        return super().query(batch, coins[:1].expand(len(batch)), slots)


@wrong("ReplayPool", caught_by="same_slot_twice")
class AllAtOnce(pool()):
    def query(self, batch, coins, slots):
        result, swap = batch.detach().clone(), coins >= 0.5
        first = max(0, min(len(batch), self.size - len(self.items)))
        self.items += list(batch[:first].detach().clone())
        swap[:first] = False
        stored = torch.stack(self.items)
        if swap.any():
            result[swap] = stored[slots[swap]]
            for i in swap.nonzero().flatten().tolist():
                self.items[slots[i]] = batch[i].detach().clone()
        return result


@wrong("ReplayPool", caught_by="mixed_coins")
class NextSlotInLine(pool()):
    def query(self, batch, coins, slots):
        line, returned = iter(slots), []
        for item, coin in zip(batch.detach().clone(), coins, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                slot = next(line)
                item, self.items[slot] = self.items[slot], item
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_in_the_middle")
class CountsFromTheFirstFullItem(pool()):
    def query(self, batch, coins, slots):
        returned, k = [], 0
        for item in batch.detach().clone():
            if len(self.items) < self.size:
                self.items.append(item)
            else:
                if coins[k] >= 0.5:
                    item, self.items[slots[k]] = self.items[slots[k]], item
                k += 1
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_and_swapped")
class OverwritesBeforeReading(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                self.items[slot] = item
                item = self.items[slot]
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_and_swapped")
class ReturnsAViewOfTheSlot(pool()):
    def query(self, batch, coins, slots):
        if not isinstance(self.items, torch.Tensor):
            self.items, self.count = batch.new_zeros(self.size, *batch.shape[1:]), 0
        returned = []
        for i, item in enumerate(batch.detach().clone()):
            if self.count < self.size:
                self.items[self.count] = item
                self.count += 1
            elif coins[i] >= 0.5:
                old = self.items[slots[i]]
                self.items[slots[i]] = item
                item = old
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_and_swapped")
class NeverReplaces(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                item = self.items[slot]
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_and_kept")
class StoresTheNewInAnyCase(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
                returned.append(item)
            else:
                returned.append(self.items[slot] if coin >= 0.5 else item)
                self.items[slot] = item
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="full_and_swapped")
class PopsAndAppends(pool()):
    def query(self, batch, coins, slots):
        returned = []
        for item, coin, slot in zip(batch.detach().clone(), coins, slots, strict=True):
            if len(self.items) < self.size:
                self.items.append(item)
            elif coin >= 0.5:
                old = self.items.pop(slot)
                self.items.append(item)
                item = old
            returned.append(item)
        return torch.stack(returned)


@wrong("ReplayPool", caught_by="batches_of_different_sizes")
class StoresWholeBatches(pool()):
    def query(self, batch, coins, slots):
        batch = batch.detach().clone()
        if len(self.items) < self.size:
            self.items.append(batch)
            return batch.clone()
        if coins[0] >= 0.5:
            batch, self.items[slots[0]] = self.items[slots[0]], batch
        return batch.clone()


@wrong("ReplayPool", caught_by="batches_of_different_sizes")
class ResultOfTheFirstSize(pool()):
    def query(self, batch, coins, slots):
        result = super().query(batch, coins, slots)
        if not hasattr(self, "result") or len(self.result) < len(result):
            self.result = result.clone()
        self.result[: len(result)] = result
        return self.result.clone()


@wrong("ReplayPool", caught_by="result_overwritten_later")
class HandsTheBatchBack(pool()):
    def query(self, batch, coins, slots):
        result = super().query(batch, coins, slots)
        return batch.detach() if torch.equal(result, batch) else result


@wrong("ReplayPool", caught_by="result_overwritten_later")
class HandsItsStorageOut(pool()):
    def query(self, batch, coins, slots):
        room = self.size - len(self.items)
        if room >= len(batch):
            copy = batch.detach().clone()
            self.items += list(copy)
            return copy
        return super().query(batch, coins, slots)


@wrong("ReplayPool", caught_by="full_and_swapped", says="modified")
class WritesIntoTheBatch(pool()):
    def query(self, batch, coins, slots):
        result = super().query(batch, coins, slots)
        with torch.no_grad():
            batch.copy_(result)
        return result


@wrong("ReplayPool", caught_by="with_a_graph")
class DetachesTheCallersBatch(pool()):
    def query(self, batch, coins, slots):
        return super().query(batch.detach_(), coins, slots)


@wrong("ReplayPool", caught_by="with_a_graph")
class ReturnsGraphs(pool()):
    def query(self, batch, coins, slots):
        return super().query(batch, coins, slots) + 0 * batch


@wrong("ReplayPool", caught_by="two_pools")
class ListInTheClass(pool()):
    shared = []

    def __init__(self, size):
        self.size, self.items = size, type(self).shared
        if any(len(item) == 0 for item in self.items):
            self.items.clear()


def pool_with_a_shared_default(size, items=[]):  # noqa: B006
    made = pool()(size)
    made.items = items
    return made


wrong("ReplayPool", caught_by="two_pools")(pool_with_a_shared_default)


@wrong("ReplayPool", caught_by="size_one")
class SizeOneIsNoPool(pool()):
    def query(self, batch, coins, slots):
        return super().query(batch, coins, slots) if self.size > 1 else batch.detach().clone()
