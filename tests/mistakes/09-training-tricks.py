"""Answers to section 9. Each wrong one was seen in public code or in a notebook, or is one slip away from it."""

import math
import warnings

import torch
import torch.nn.functional as F
from torch import nn

from tests.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

# --- simultaneous_step ------------------------------------------------------------------------------------------------

bank.spoils(
    "simultaneous_step",
    r"x *[-−] *lr|y *\+ *lr|lr *[*·] *[xy]\b|(minus|less|subtract\w*|plus|add\w*) lr (times|·)"
    r"|x (loses|falls by|goes down by|decreases by) lr|\(1,? ?[-−]lr\)",
)


@right("simultaneous_step")
def one_line(x, y, lr):
    return x - lr * y, y + lr * x


@right("simultaneous_step")
def by_autograd(x, y, lr):
    x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
    g_x, g_y = torch.autograd.grad((x * y).sum(), (x, y))
    return (x - lr * g_x).detach(), (y + lr * g_y).detach()


@right("simultaneous_step")
def a_rotation_that_stretches(x, y, lr):
    matrix = torch.tensor([[1.0, -lr], [lr, 1.0]], dtype=x.dtype)
    new = torch.tensordot(matrix, torch.stack([x, y]), dims=1)
    return new[0], new[1]


@right("simultaneous_step")
def two_optimizers(x, y, lr):
    x, y = nn.Parameter(x.clone()), nn.Parameter(y.clone())
    (x * y).sum().backward()
    torch.optim.SGD([x], lr=lr).step()
    torch.optim.SGD([y], lr=lr, maximize=True).step()
    return [x.detach(), y.detach()]


@wrong("simultaneous_step", caught_by="x_at_zero", diagnosis="number")
def really_alternating(x, y, lr):
    x = x - lr * y
    return x, y + lr * x


@wrong("simultaneous_step", caught_by="one_point", diagnosis="number")
def both_descend(x, y, lr):
    return x - lr * y, y - lr * x


@wrong("simultaneous_step", caught_by="one_point", diagnosis="number")
def both_ascend(x, y, lr):
    return x + lr * y, y + lr * x


@wrong("simultaneous_step", caught_by="one_point", diagnosis="number")
def own_value_as_gradient(x, y, lr):
    return x - lr * x, y + lr * y


@wrong("simultaneous_step", caught_by="one_point", diagnosis="type", says="as a tuple")
def only_x(x, y, lr):
    return x - lr * y


@wrong("simultaneous_step", caught_by="double_precision", diagnosis="argument", says="modified")
def in_place(x, y, lr):
    old = x.clone()
    x -= lr * y
    y += lr * old
    return x, y


@wrong("simultaneous_step", caught_by="double_precision", diagnosis="dtype")
def single_precision(x, y, lr):
    return (x - lr * y).float(), (y + lr * x).float()


@wrong("simultaneous_step", caught_by="large_step", diagnosis="number")
def clipped(x, y, lr):
    lr = min(lr, 1.0)
    return x - lr * y, y + lr * x


@wrong("simultaneous_step", caught_by="vectors", diagnosis="shape", says="shape")
def a_scalar_product(x, y, lr):
    return (x - lr * y).sum(), (y + lr * x).sum()


@right("simultaneous_step")
def times_a_complex_number(x, y, lr):
    z = torch.complex(x, y) * torch.complex(torch.ones_like(x), torch.full_like(y, lr))
    return z.real, z.imag


@right("simultaneous_step")
def radius_and_angle(x, y, lr):
    radius, angle = torch.hypot(x, y) * (1 + lr**2) ** 0.5, torch.atan2(y, x) + math.atan(lr)
    return radius * angle.cos(), radius * angle.sin()


@right("simultaneous_step")
def in_double_and_back(x, y, lr):
    a, b = x.double(), y.double()
    return (a - lr * b).to(x.dtype), (b + lr * a).to(y.dtype)


@wrong("simultaneous_step", caught_by="one_point", diagnosis="order", says="wrong order")
def y_before_x(x, y, lr):
    return y + lr * x, x - lr * y


@wrong("simultaneous_step", caught_by="one_point", diagnosis="number")
def players_swapped(x, y, lr):
    return x + lr * y, y - lr * x


@wrong("simultaneous_step", caught_by="one_point", diagnosis="number")
def value_instead_of_gradient(x, y, lr):
    return x - lr * x * y, y + lr * x * y


@wrong("simultaneous_step", caught_by="one_point", diagnosis="number")
def gradients_without_the_point(x, y, lr):
    return -lr * y, lr * x


@wrong("simultaneous_step", caught_by="one_point", diagnosis="number")
def kept_on_the_circle(x, y, lr):
    shrink = (1 + lr**2) ** -0.5
    return (x - lr * y) * shrink, (y + lr * x) * shrink


@wrong("simultaneous_step", caught_by="one_point", diagnosis="type", says="as a tuple")
def stacked(x, y, lr):
    return torch.stack([x - lr * y, y + lr * x])


@wrong("simultaneous_step", caught_by="vectors", diagnosis="type", says="NumPy array")
def as_numpy_arrays(x, y, lr):
    x, y = x.numpy(), y.numpy()
    return x - lr * y, y + lr * x


@wrong("simultaneous_step", caught_by="double_precision", diagnosis="flags", says="requires_grad")
def flags_on_the_callers_tensors(x, y, lr):
    x.requires_grad_(), y.requires_grad_()
    g_x, g_y = torch.autograd.grad((x * y).sum(), (x, y))
    return (x - lr * g_x).detach(), (y + lr * g_y).detach()


@wrong("simultaneous_step", caught_by="vectors", diagnosis="raises", says="grad can be implicitly created")
def gradient_of_a_vector(x, y, lr):
    x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
    (x * y).backward()
    return (x - lr * x.grad).detach(), (y + lr * y.grad).detach()


_velocity = [0.0, 0.0]


@wrong("simultaneous_step", caught_by="one_point", diagnosis="random", says="remembers nothing")
def momentum_from_the_last_call(x, y, lr):
    _velocity[0] = 0.5 * _velocity[0] - lr * y.mean().item()
    _velocity[1] = 0.5 * _velocity[1] + lr * x.mean().item()
    return x + _velocity[0], y + _velocity[1]


@wrong("simultaneous_step", caught_by="one_point", diagnosis="mistyped", says="NameError")
def eta_instead_of_lr(x, y, lr):
    return x - eta * y, y + eta * x  # noqa: F821


# --- alternating_step -------------------------------------------------------------------------------------------------

bank.spoils(
    "alternating_step",
    r"x *[-−] *lr[^.?]*\by *\+ *lr|y *\+ *lr|lr *[*·] *x\b|(plus|add\w*) lr (times|·)|\(1 *[-−] *lr²?\)"
    r"|new x (is|=) x *[-−]|y (sees|uses|takes|reads) the (new|updated|moved) x"
    r"|(use|take|give|hand|insert)\w* [^.?]*(new|moved|updated) x\b",
)


@right("alternating_step")
def x_first(x, y, lr):
    x = x - lr * y
    y = y + lr * x
    return x, y


@right("alternating_step")
def multiplied_out(x, y, lr):
    return x - lr * y, lr * x + (1 - lr**2) * y


@right("alternating_step")
def autograd_twice(x, y, lr):
    x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
    (g_x,) = torch.autograd.grad((x * y).sum(), x)
    x = (x - lr * g_x).detach()
    (g_y,) = torch.autograd.grad((x * y).sum(), y)
    return x, (y + lr * g_y).detach()


@wrong("alternating_step", caught_by="x_at_zero", diagnosis="number")
def really_simultaneous(x, y, lr):
    return x - lr * y, y + lr * x


@wrong("alternating_step", caught_by="y_at_zero", diagnosis="number")
def y_first(x, y, lr):
    y = y + lr * x
    return x - lr * y, y


@wrong("alternating_step", caught_by="one_point", diagnosis="number")
def y_descends(x, y, lr):
    x = x - lr * y
    return x, y - lr * x


@wrong("alternating_step", caught_by="one_point", diagnosis="order")
def in_the_wrong_order(x, y, lr):
    x = x - lr * y
    return y + lr * x, x


@wrong("alternating_step", caught_by="one_point", diagnosis="number")
def half_a_step_each(x, y, lr):
    x = x - lr / 2 * y
    return x, y + lr / 2 * x


@wrong("alternating_step", caught_by="double_precision", diagnosis="argument", says="modified")
def updates_the_callers_tensors(x, y, lr):
    x -= lr * y
    y += lr * x
    return x, y


@wrong("alternating_step", caught_by="large_step", diagnosis="number")
def fixed_rate(x, y, lr):
    x = x - 0.3 * y
    return x, y + 0.3 * x


@wrong("alternating_step", caught_by="vectors", diagnosis="number")
def clips_gradients(x, y, lr):
    x = x - lr * y.clamp(-1, 1)
    return x, y + lr * x.clamp(-1, 1)


@right("alternating_step")
def two_shears(x, y, lr):
    first = torch.tensor([[1.0, -lr], [0.0, 1.0]], dtype=torch.float64)
    second = torch.tensor([[1.0, 0.0], [lr, 1.0]], dtype=torch.float64)
    new = torch.tensordot(second @ first, torch.stack([x, y]).double(), dims=1).to(x.dtype)
    return new[0], new[1]


@right("alternating_step")
def in_place_on_copies(x, y, lr):
    x, y = x.clone(), y.clone()
    x.sub_(y, alpha=lr)
    y.add_(x, alpha=lr)
    return x, y


@right("alternating_step")
def einsum_of_the_step_matrix(x, y, lr):
    matrix = x.new_tensor([[1, -lr], [lr, 1 - lr * lr]])
    return list(torch.einsum("ij,j...->i...", matrix, torch.stack([x, y])))


@wrong("alternating_step", caught_by="one_point", diagnosis="number")
def x_moves_again_afterwards(x, y, lr):
    x = x - lr * y
    y = y + lr * x
    return x - lr * y, y


@wrong("alternating_step", caught_by="one_point", diagnosis="number")
def x_ascends_and_y_descends(x, y, lr):
    x = x + lr * y
    return x, y - lr * x


@wrong("alternating_step", caught_by="x_at_zero", diagnosis="number")
def mean_of_old_and_new_x(x, y, lr):
    new_x = x - lr * y
    return new_x, y + lr * (x + new_x) / 2


@wrong("alternating_step", caught_by="y_at_zero", diagnosis="number")
def only_x_moves(x, y, lr):
    return x - lr * y, y


@wrong("alternating_step", caught_by="one_point", diagnosis="number")
def minus_lr_squared_times_x(x, y, lr):
    return x - lr * y, (1 - lr**2) * x + lr * y


@wrong("alternating_step", caught_by="double_precision", diagnosis="dtype", says="float64")
def rounded_to_single(x, y, lr):
    x = (x - lr * y).float()
    return x, (y + lr * x).float()


@wrong("alternating_step", caught_by="double_precision", diagnosis="flags", says="requires_grad")
def gradients_of_the_callers_tensors(x, y, lr):
    x.requires_grad_(True)
    (g,) = torch.autograd.grad((x * y).sum(), x)
    new_x = (x - lr * g).detach()
    return new_x, y + lr * new_x


@wrong("alternating_step", caught_by="one_point", diagnosis="type", says="as a tuple")
def all_three_positions(x, y, lr):
    new_x = x - lr * y
    return x, new_x, y + lr * new_x


@wrong("alternating_step", caught_by="one_point", diagnosis="type", says="None")
def no_return(x, y, lr):
    x = x - lr * y
    y = y + lr * x


# --- extragradient_step -----------------------------------------------------------------------------------------------

bank.spoils(
    "extragradient_step",
    r"x *[-−] *lr *[*·]? *\(|lr *[*·] *(y_?ahead|ahead)"
    r"|(from|start\w* at|at) the (old|original|first) point[^.?]*(gradient|ahead)"
    r"|gradients?[^.?]*(at|of) the look-?ahead[^.?]*(from|to|on) the (old|original|first)|1 *[-−] *lr²"
    r"|1 *[-−] *lr\*\*2|lr²",
)


@right("extragradient_step")
def look_ahead(x, y, lr):
    x_ahead, y_ahead = x - lr * y, y + lr * x
    return x - lr * y_ahead, y + lr * x_ahead


@right("extragradient_step")
def powers_of_lr(x, y, lr):
    return (1 - lr**2) * x - lr * y, (1 - lr**2) * y + lr * x


@right("extragradient_step")
def autograd_at_the_look_ahead_point(x, y, lr):
    def gradients(x, y):
        x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
        return torch.autograd.grad((x * y).sum(), (x, y))

    g_x, g_y = gradients(x, y)
    g_x, g_y = gradients(x - lr * g_x, y + lr * g_y)
    return x - lr * g_x, y + lr * g_y


@wrong("extragradient_step", caught_by="one_point", diagnosis="number")
def two_simultaneous_steps(x, y, lr):
    x, y = x - lr * y, y + lr * x
    return x - lr * y, y + lr * x


@wrong("extragradient_step", caught_by="x_at_zero", diagnosis="number")
def half_a_step_ahead(x, y, lr):
    x_ahead, y_ahead = x - lr / 2 * y, y + lr / 2 * x
    return x - lr * y_ahead, y + lr * x_ahead


@wrong("extragradient_step", caught_by="x_at_zero", diagnosis="number")
def looks_ahead_by_alternating(x, y, lr):
    x_ahead = x - lr * y
    y_ahead = y + lr * x_ahead
    return x - lr * y_ahead, y + lr * x_ahead


@wrong("extragradient_step", caught_by="y_at_zero", diagnosis="number")
def only_y_looks_ahead(x, y, lr):
    return x - lr * y, y + lr * (x - lr * y)


@wrong("extragradient_step", caught_by="x_at_zero", diagnosis="number")
def only_x_looks_ahead(x, y, lr):
    return x - lr * (y + lr * x), y + lr * x


@wrong("extragradient_step", caught_by="one_point", diagnosis="number")
def mean_of_both_gradients(x, y, lr):
    x_ahead, y_ahead = x - lr * y, y + lr * x
    return x - lr * (y + y_ahead) / 2, y + lr * (x + x_ahead) / 2


@wrong("extragradient_step", caught_by="one_point", diagnosis="number")
def y_looks_the_wrong_way(x, y, lr):
    x_ahead, y_ahead = x - lr * y, y - lr * x
    return x - lr * y_ahead, y + lr * x_ahead


@wrong("extragradient_step", caught_by="double_precision", diagnosis="argument", says="modified")
def walks_from_the_look_ahead_point_in_place(x, y, lr):
    old_x, old_y = x.clone(), y.clone()
    x -= lr * old_y
    y += lr * old_x
    return old_x - lr * y, old_y + lr * x


@wrong("extragradient_step", caught_by="large_step", diagnosis="number")
def refuses_to_overshoot(x, y, lr):
    shrink = max(0.0, 1 - lr**2)
    return shrink * x - lr * y, shrink * y + lr * x


@wrong("extragradient_step", caught_by="vectors", diagnosis="raises", says="stops with")
def numbers_only(x, y, lr):
    x, y = x.item(), y.item()
    return torch.tensor(x - lr * (y + lr * x)), torch.tensor(y + lr * (x - lr * y))


@right("extragradient_step")
def matrix_of_the_step(x, y, lr):
    field = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=x.dtype)
    z = torch.stack([x, y])
    ahead = z + lr * torch.tensordot(field, z, dims=1)
    new = z + lr * torch.tensordot(field, ahead, dims=1)
    return new[0], new[1]


@right("extragradient_step")
def a_complex_polynomial(x, y, lr):
    z, i = torch.complex(x, y).to(torch.complex128), 1j
    new = z + i * lr * (z + i * lr * z)
    return new.real.to(x.dtype), new.imag.to(y.dtype)


@right("extragradient_step")
def old_point_and_two_corrections(x, y, lr):
    return [x - (lr * y + lr**2 * x), y + (lr * x - lr**2 * y)]


@wrong("extragradient_step", caught_by="one_point", diagnosis="number")
def the_look_ahead_point_itself(x, y, lr):
    return x - lr * y, y + lr * x


@wrong("extragradient_step", caught_by="one_point", diagnosis="order", says="wrong order")
def y_comes_first(x, y, lr):
    return tuple(reversed(look_ahead(x, y, lr)))


@wrong("extragradient_step", caught_by="one_point", diagnosis="number")
def old_gradients_from_the_look_ahead_point(x, y, lr):
    x_ahead, y_ahead = x - lr * y, y + lr * x
    return x_ahead - lr * y, y_ahead + lr * x


@wrong("extragradient_step", caught_by="one_point", diagnosis="number")
def own_coordinate_as_gradient(x, y, lr):
    x_ahead, y_ahead = x - lr * y, y + lr * x
    return x - lr * x_ahead, y + lr * y_ahead


@wrong("extragradient_step", caught_by="one_point", diagnosis="number")
def optimistic(x, y, lr):
    x_ahead, y_ahead = x - lr * y, y + lr * x
    return x - lr * (2 * y_ahead - y), y + lr * (2 * x_ahead - x)


@wrong("extragradient_step", caught_by="one_point", diagnosis="number")
def mean_of_start_and_second_step(x, y, lr):
    x_2, y_2 = two_simultaneous_steps(x, y, lr)
    return (x + x_2) / 2, (y + y_2) / 2


@wrong("extragradient_step", caught_by="y_at_zero", diagnosis="number")
def names_used_twice(x, y, lr):
    x_ahead, y_ahead = x - lr * y, y + lr * x
    x = x - lr * y_ahead
    x_ahead = x - lr * y
    return x, y + lr * x_ahead


@wrong("extragradient_step", caught_by="double_precision", diagnosis="dtype", says="float64")
def look_ahead_in_single(x, y, lr):
    x_new, y_new = look_ahead(x.float(), y.float(), lr)
    return x_new, y_new


@wrong("extragradient_step", caught_by="one_point", diagnosis="type", says="as a tuple")
def one_tensor(x, y, lr):
    return torch.stack(look_ahead(x, y, lr))


@wrong("extragradient_step", caught_by="one_point", diagnosis="mistyped", says="NameError")
def forgets_to_look_ahead(x, y, lr):
    return x - lr * y_ahead, y + lr * x_ahead  # noqa: F821


# --- game_jacobian ----------------------------------------------------------------------------------------------------

bank.spoils(
    "game_jacobian",
    r"hessian|jacrev|functional|create_graph|allow_unused|materialize|torch\.func|stack"
    r"|(minus|negative|[-−]) ?(of )?(the )?(second )?(derivatives?|slopes?|hessian)|0 ?\* ?theta"
    r"|zeros_like|second derivatives? of (g_loss|d_loss|its own)|(differentiate|derive)\w* twice",
)


@right("game_jacobian")
def rows_of_two_hessians(d_loss, g_loss, theta, psi):
    of_theta, _ = torch.autograd.functional.hessian(g_loss, (theta, psi))
    _, of_psi = torch.autograd.functional.hessian(d_loss, (theta, psi))
    return -torch.stack([torch.stack(of_theta), torch.stack(of_psi)])


@right("game_jacobian")
def by_function_transforms(d_loss, g_loss, theta, psi):
    pulls = torch.func.grad(g_loss, argnums=0), torch.func.grad(d_loss, argnums=1)
    rows = [torch.func.jacrev(pull, argnums=(0, 1))(theta, psi) for pull in pulls]
    return -torch.stack([torch.stack(row) for row in rows]).detach()


@right("game_jacobian")
def forward_over_reverse(d_loss, g_loss, theta, psi):
    def field(state):
        return -torch.stack([torch.func.grad(g_loss, 0)(*state), torch.func.grad(d_loss, 1)(*state)])

    return torch.func.jacfwd(field)(torch.stack([theta, psi]).detach())


@right("game_jacobian")
def entry_by_entry(d_loss, g_loss, theta, psi):
    numbers = [x.detach().clone().requires_grad_() for x in (theta, psi)]

    def derivative(y, x):
        if not y.requires_grad:
            return torch.zeros_like(x)
        (found,) = torch.autograd.grad(y, x, create_graph=True, allow_unused=True)
        return torch.zeros_like(x) if found is None else found

    pulls = [-derivative(loss(*numbers), own) for loss, own in zip((g_loss, d_loss), numbers, strict=True)]
    return torch.stack([torch.stack([derivative(pull, x) for x in numbers]) for pull in pulls]).detach()


@right("game_jacobian")
def nothing_times_everything(d_loss, g_loss, theta, psi):
    state = torch.stack([theta, psi]).detach().requires_grad_()
    matrix = state.new_zeros(2, 2)
    for k, loss in enumerate((g_loss, d_loss)):
        value = loss(state[0], state[1]) + 0 * state.sum()
        slope = torch.autograd.grad(value, state, create_graph=True)[0][k] + 0 * state.square().sum()
        matrix[k] = -torch.autograd.grad(slope, state)[0]
    return matrix


@right("game_jacobian")
def jacobian_of_the_field(d_loss, g_loss, theta, psi):
    def field(state):
        slopes = []
        for k, loss in enumerate((g_loss, d_loss)):
            value = loss(state[0], state[1])
            grads = torch.autograd.grad(value, state, create_graph=True, materialize_grads=True)
            slopes.append(grads[0][k])
        return -torch.stack(slopes)

    return torch.autograd.functional.jacobian(field, torch.stack([theta, psi]).detach())


@right("game_jacobian")
def a_column_at_a_time(d_loss, g_loss, theta, psi):
    def field(a, b):
        return -torch.func.grad(g_loss, 0)(a, b), -torch.func.grad(d_loss, 1)(a, b)

    here, one, none = (theta.detach(), psi.detach()), torch.ones_like(theta), torch.zeros_like(theta)
    columns = [torch.func.jvp(field, here, along)[1] for along in ((one.detach(), none), (none, one.detach()))]
    return torch.stack([torch.stack(column) for column in columns], dim=1)


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="sign", says="sign is reversed")
def slopes_instead_of_pulls(d_loss, g_loss, theta, psi):
    return -rows_of_two_hessians(d_loss, g_loss, theta, psi)


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def transposed(d_loss, g_loss, theta, psi):
    return rows_of_two_hessians(d_loss, g_loss, theta, psi).T


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def losses_swapped(d_loss, g_loss, theta, psi):
    return rows_of_two_hessians(g_loss, d_loss, theta, psi)


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def discriminator_in_the_first_row(d_loss, g_loss, theta, psi):
    return rows_of_two_hessians(d_loss, g_loss, theta, psi).flip(0)


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def psi_in_the_first_column(d_loss, g_loss, theta, psi):
    return rows_of_two_hessians(d_loss, g_loss, theta, psi).flip(1)


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def loss_called_with_psi_first(d_loss, g_loss, theta, psi):
    return rows_of_two_hessians(lambda a, b: d_loss(b, a), lambda a, b: g_loss(b, a), theta, psi)


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def by_the_other_players_number_first(d_loss, g_loss, theta, psi):
    _, of_theta = torch.autograd.functional.hessian(g_loss, (theta, psi))
    of_psi, _ = torch.autograd.functional.hessian(d_loss, (theta, psi))
    return -torch.stack([torch.stack(of_theta), torch.stack(of_psi)])


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def as_if_the_losses_summed_to_zero(d_loss, g_loss, theta, psi):
    of_theta, of_psi = torch.autograd.functional.hessian(g_loss, (theta, psi))
    return torch.stack([-torch.stack(of_theta), torch.stack(of_psi)])


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def hessian_of_the_summed_losses(d_loss, g_loss, theta, psi):
    rows = torch.autograd.functional.hessian(lambda a, b: d_loss(a, b) + g_loss(a, b), (theta, psi))
    return -torch.stack([torch.stack(row) for row in rows])


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def at_the_origin(d_loss, g_loss, theta, psi):
    return rows_of_two_hessians(d_loss, g_loss, torch.zeros_like(theta), torch.zeros_like(psi))


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def only_the_generator_descends(d_loss, g_loss, theta, psi):
    return rows_of_two_hessians(d_loss, g_loss, theta, psi) * torch.tensor([[1.0], [-1.0]], dtype=theta.dtype)


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def products_of_slopes(d_loss, g_loss, theta, psi):
    of_d = torch.stack(torch.func.grad(d_loss, (0, 1))(theta, psi))
    of_g = torch.stack(torch.func.grad(g_loss, (0, 1))(theta, psi))
    return -torch.stack([of_g[0] * of_g, of_d[1] * of_d]).detach()


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def first_derivatives_only(d_loss, g_loss, theta, psi):
    rows = [torch.stack(torch.func.grad(loss, (0, 1))(theta, psi)) for loss in (g_loss, d_loss)]
    return -torch.stack(rows).detach()


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="number")
def differences_of_large_steps(d_loss, g_loss, theta, psi):
    h, rows = 1e-2, []
    for pull in (torch.func.grad(g_loss, 0), torch.func.grad(d_loss, 1)):
        here = pull(theta, psi)
        rows.append(torch.stack([pull(theta + h, psi) - here, pull(theta, psi + h) - here]) / h)
    return -torch.stack(rows).detach()


@wrong("game_jacobian", caught_by="each_for_itself", diagnosis="number")
def nothing_on_the_diagonal(d_loss, g_loss, theta, psi):
    matrix = rows_of_two_hessians(d_loss, g_loss, theta, psi)
    return matrix - matrix.diag().diag()


@wrong("game_jacobian", caught_by="one_product", diagnosis="number")
def only_the_diagonal(d_loss, g_loss, theta, psi):
    return rows_of_two_hessians(d_loss, g_loss, theta, psi).diag().diag()


@wrong("game_jacobian", caught_by="one_product", diagnosis="raises")
def missing_derivatives_are_errors(d_loss, g_loss, theta, psi):
    theta, psi = theta.detach().clone().requires_grad_(), psi.detach().clone().requires_grad_()
    (of_theta,) = torch.autograd.grad(g_loss(theta, psi), theta, create_graph=True)
    (of_psi,) = torch.autograd.grad(d_loss(theta, psi), psi, create_graph=True)
    rows = [torch.stack(torch.autograd.grad(-pull, (theta, psi))) for pull in (of_theta, of_psi)]
    return torch.stack(rows)


@wrong("game_jacobian", caught_by="constant_pulls", diagnosis="raises")
def only_the_second_round_may_be_missing(d_loss, g_loss, theta, psi):
    numbers = [x.detach().clone().requires_grad_() for x in (theta, psi)]
    rows = []
    for loss, own in zip((g_loss, d_loss), numbers, strict=True):
        (slope,) = torch.autograd.grad(loss(*numbers), own, create_graph=True)
        again = torch.autograd.grad(-slope, numbers, allow_unused=True)
        rows.append(torch.stack([torch.zeros_like(own) if g is None else g for g in again]))
    return torch.stack(rows)


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="type", says="off the graph")
def still_on_the_graph(d_loss, g_loss, theta, psi):
    theta, psi = theta.detach().clone().requires_grad_(), psi.detach().clone().requires_grad_()
    rows = []
    for loss, own in ((g_loss, theta), (d_loss, psi)):
        slope = torch.autograd.grad(loss(theta, psi), own, create_graph=True, materialize_grads=True)[0]
        slope = slope + 0 * theta * psi
        rows.append(torch.stack(torch.autograd.grad(-slope, (theta, psi), create_graph=True)))
    return torch.stack(rows)


@wrong("game_jacobian", caught_by="numbers_being_learnt", diagnosis="type", says="off the graph")
def on_the_callers_graph(d_loss, g_loss, theta, psi):
    pulls = torch.func.grad(g_loss, argnums=0), torch.func.grad(d_loss, argnums=1)
    return -torch.stack([torch.stack(torch.func.jacrev(pull, argnums=(0, 1))(theta, psi)) for pull in pulls])


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="flags", says="requires_grad")
def flags_left_on(d_loss, g_loss, theta, psi):
    theta.requires_grad_(), psi.requires_grad_()
    return rows_of_two_hessians(d_loss, g_loss, theta, psi)


@wrong("game_jacobian", caught_by="numbers_being_learnt", diagnosis="left gradients", says=".grad")
def backward_into_the_numbers(d_loss, g_loss, theta, psi):
    if theta.requires_grad:
        g_loss(theta, psi).backward()
    return rows_of_two_hessians(d_loss, g_loss, theta, psi)


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="type")
def its_eigenvalues(d_loss, g_loss, theta, psi):
    return torch.linalg.eigvals(rows_of_two_hessians(d_loss, g_loss, theta, psi))


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="shape", says="shape")
def the_pull_itself(d_loss, g_loss, theta, psi):
    return -torch.stack([torch.func.grad(g_loss, 0)(theta, psi), torch.func.grad(d_loss, 1)(theta, psi)]).detach()


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="type")
def rows_of_numbers(d_loss, g_loss, theta, psi):
    return rows_of_two_hessians(d_loss, g_loss, theta, psi).tolist()


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="dtype", says="dtype")
def from_python_numbers(d_loss, g_loss, theta, psi):
    return torch.tensor(rows_of_two_hessians(d_loss, g_loss, theta, psi).tolist())


@wrong("game_jacobian", caught_by="single_precision", diagnosis="dtype", says="dtype")
def always_double(d_loss, g_loss, theta, psi):
    return rows_of_two_hessians(d_loss, g_loss, theta.double(), psi.double())


@wrong("game_jacobian", caught_by="unlike_losses", diagnosis="raises")
def slope_without_a_graph(d_loss, g_loss, theta, psi):
    theta, psi = theta.detach().clone().requires_grad_(), psi.detach().clone().requires_grad_()
    rows = []
    for loss, own in ((g_loss, theta), (d_loss, psi)):
        (slope,) = torch.autograd.grad(loss(theta, psi), own)
        rows.append(torch.stack(torch.autograd.grad(-slope, (theta, psi), allow_unused=True)))
    return torch.stack(rows)


# --- zero_centred_penalty ---------------------------------------------------------------------------------------------

bank.spoils(
    "zero_centred_penalty",
    r"create_graph|flatten\(1\)|\.sum\(\)|0\.5|\bhalf\b|½|/ ?2\b|squared (norm|length|slope)"
    r"|square of (the|its) (norm|length|slope)"
    r"|squar\w* and (then )?(sum|add)|sum of (the )?(logits|scores)|(add|sum)\w* (up )?(the )?(logits|scores|squares)",
)


@right("zero_centred_penalty")
def squares_of_the_slope(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.square().flatten(1).sum(1).mean() / 2


@right("zero_centred_penalty")
def as_in_public_code(discriminator, real):
    x = real.detach().requires_grad_(True)
    scores = discriminator(x)
    gradient = torch.autograd.grad(outputs=scores.sum(), inputs=x, create_graph=True, retain_graph=True)[0]
    return 0.5 * gradient.pow(2).reshape(gradient.shape[0], -1).sum(1).mean()


@right("zero_centred_penalty")
def everything_over_n(discriminator, real):
    x = real.detach().requires_grad_()
    scores = discriminator(x)
    (slope,) = torch.autograd.grad(scores, x, grad_outputs=torch.ones_like(scores), create_graph=True)
    return torch.einsum("...,...->", slope, slope) / (2 * len(real))


@right("zero_centred_penalty")
def vectorised_gradient(discriminator, real):
    slope = torch.func.vmap(torch.func.grad(lambda one: discriminator(one[None]).sum()))(real)
    return torch.linalg.vector_norm(slope.flatten(1), dim=1).pow(2).mean() * 0.5


@right("zero_centred_penalty")
def one_by_one(discriminator, real):
    total = 0.0
    for one in real.detach():
        x = one[None].clone().requires_grad_()
        (slope,) = torch.autograd.grad(discriminator(x).squeeze(), x, create_graph=True)
        total = total + slope.pow(2).sum()
    return total / len(real) / 2


@right("zero_centred_penalty")
def a_copy_on_the_graph(discriminator, real):
    x = real + torch.zeros_like(real, requires_grad=True)
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return F.mse_loss(slope, torch.zeros_like(slope), reduction="sum") / len(x) / 2


@right("zero_centred_penalty")
def jacobian_of_the_sum(discriminator, real):
    slope = torch.autograd.functional.jacobian(lambda x: discriminator(x).sum(), real, create_graph=True)
    return (slope.flatten(1).norm(dim=1) ** 2).mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="factor", says="same factor, 2")
def without_the_half(discriminator, real):
    return 2 * squares_of_the_slope(discriminator, real)


@wrong("zero_centred_penalty", caught_by="points", diagnosis="cut", says="keep it")
def no_create_graph(discriminator, real):
    x = real.clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x)
    return slope.square().flatten(1).sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="cut", says="keep it")
def retained_only(discriminator, real):
    x = real.clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, retain_graph=True)
    return slope.square().flatten(1).sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def centred_at_one(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def length_not_squared(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.flatten(1).norm(dim=1).mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def slope_of_the_mean_logit(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).mean(), x, create_graph=True)
    return slope.square().flatten(1).sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def mean_over_the_axes(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.square().mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def summed_over_the_batch(discriminator, real):
    return len(real) * squares_of_the_slope(discriminator, real)


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def slope_of_the_probability(discriminator, real):
    return squares_of_the_slope(lambda x: torch.sigmoid(discriminator(x)), real)


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def slope_of_the_loss(discriminator, real):
    return squares_of_the_slope(lambda x: F.softplus(-discriminator(x)), real)


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def logits_instead_of_slopes(discriminator, real):
    return discriminator(real).square().mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def slope_in_the_parameters(discriminator, real):
    parameters = [p for p in discriminator.parameters() if p.requires_grad]
    slopes = torch.autograd.grad(discriminator(real).mean(), parameters, create_graph=True)
    return sum(slope.square().sum() for slope in slopes) / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def square_of_the_mean_slope(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.mean(0).square().sum() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="number")
def sum_of_absolute_slopes(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.flatten(1).abs().sum(1).square().mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="sign", says="sign is reversed")
def a_reward_for_slopes(discriminator, real):
    return -squares_of_the_slope(discriminator, real)


@wrong("zero_centred_penalty", caught_by="points", diagnosis="random")
def at_noisy_data(discriminator, real):
    return squares_of_the_slope(discriminator, real + 0.1 * torch.randn_like(real))


@wrong("zero_centred_penalty", caught_by="images", diagnosis="number")
def over_the_channels_alone(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.square().sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="logits_without_a_column", diagnosis="raises")
def ones_in_a_column(discriminator, real):
    x = real.detach().clone().requires_grad_()
    ones = torch.ones(len(x), 1, dtype=x.dtype)
    (slope,) = torch.autograd.grad(discriminator(x), x, grad_outputs=ones, create_graph=True)
    return slope.square().flatten(1).sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="logits_without_a_column", diagnosis="raises")
def takes_the_column(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x)[:, 0].sum(), x, create_graph=True)
    return slope.square().flatten(1).sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="batch_of_one", diagnosis="raises")
def squeezed_slopes(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.squeeze().flatten(1).square().sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="flat_places", diagnosis="nan slope", says="nan or infinite")
def root_and_square(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.square().flatten(1).sum(1).sqrt().square().mean() / 2


@wrong("zero_centred_penalty", caught_by="flat_places", diagnosis="number")
def mean_of_those_that_have_a_slope(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    squares = slope.square().flatten(1).sum(1)
    return squares[squares > 0].mean() / 2


@wrong("zero_centred_penalty", caught_by="steep_slopes", diagnosis="number")
def clamped(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.clamp(-1, 1).square().flatten(1).sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="old_gradients", diagnosis="left gradients", says=".grad")
def backward_into_everything(discriminator, real):
    x = real.detach().clone().requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        discriminator(x).sum().backward(create_graph=True)
    return x.grad.square().flatten(1).sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="flags", says="requires_grad")
def flag_on_the_callers_data(discriminator, real):
    real.requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return slope.square().flatten(1).sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="raises")
def no_flag_at_all(discriminator, real):
    (slope,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return slope.square().flatten(1).sum(1).mean() / 2


@wrong("zero_centred_penalty", caught_by="points", diagnosis="cut", says=".item()")
def ends_in_a_number_of_python(discriminator, real):
    return squares_of_the_slope(discriminator, real).item()


@wrong("zero_centred_penalty", caught_by="points", diagnosis="shape", says="scalar")
def one_per_sample(discriminator, real):
    x = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.square().flatten(1).sum(1) / 2


@wrong("zero_centred_penalty", caught_by="single_precision", diagnosis="dtype", says="dtype")
def in_double_precision(discriminator, real):
    return squares_of_the_slope(discriminator, real).double()


# --- feature_matching_loss --------------------------------------------------------------------------------------------

bank.spoils(
    "feature_matching_loss",
    r"mean\((dim=)?0\)|(average|mean)s?[^.?]*(each|both) batch[^.?]*(then )?(subtract|difference)"
    r"|subtract[^.?]*means?[^.?]*squar|squar\w*[^.?]*difference[^.?]*means?"
    r"|sum[^.?]*squared[^.?]*(difference|gap)|\.square\(\)|\|\|"
    r"|(mean|average)[^.?]*(first|then)[^.?]*subtract[^.?]*squar",
)


@right("feature_matching_loss")
def square_and_sum(real_features, fake_features):
    return (real_features.mean(0) - fake_features.mean(0)).pow(2).sum()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="slope", says="gradient")
def detached_target(real_features, fake_features):
    with torch.no_grad():
        target = real_features.mean(dim=0)
    return F.mse_loss(fake_features.mean(dim=0), target, reduction="sum")


@right("feature_matching_loss")
def norm_squared(real_features, fake_features):
    difference = real_features.mean(0, keepdim=True) - fake_features.mean(0, keepdim=True)
    return torch.linalg.vector_norm(difference) ** 2


@right("feature_matching_loss")
def dot_product(real_features, fake_features):
    gap = (real_features.sum(0) / len(real_features) - fake_features.sum(0) / len(fake_features)).flatten()
    return gap @ gap


@wrong("feature_matching_loss", caught_by="equal_means", diagnosis="number")
def distance_of_pairs(real_features, fake_features):
    return (real_features - fake_features).square().flatten(1).sum(1).mean()


@wrong("feature_matching_loss", caught_by="unequal_batches", diagnosis="number")
def cuts_to_the_shorter_batch(real_features, fake_features):
    n = min(len(real_features), len(fake_features))
    return (real_features[:n].mean(0) - fake_features[:n].mean(0)).square().sum()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="number")
def not_squared(real_features, fake_features):
    return (real_features.mean(0) - fake_features.mean(0)).norm()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="number")
def mean_over_features(real_features, fake_features):
    return F.mse_loss(fake_features.mean(0), real_features.mean(0))


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="number")
def absolute_values(real_features, fake_features):
    return (real_features.mean(0) - fake_features.mean(0)).abs().sum()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="number")
def mean_of_everything(real_features, fake_features):
    return (real_features.mean() - fake_features.mean()).square()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="slope", says="gradient with respect to fake")
def detaches_the_fakes(real_features, fake_features):
    return (real_features.mean(0) - fake_features.detach().mean(0)).square().sum()


@wrong("feature_matching_loss", caught_by="maps_of_features", diagnosis="number")
def averages_over_places(real_features, fake_features):
    rest = tuple(range(2, real_features.dim()))
    axes = (0, *rest)
    return (real_features.mean(axes) - fake_features.mean(axes)).square().sum()


@wrong("feature_matching_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def one_value_per_row(real_features, fake_features):
    difference = real_features.mean(0, keepdim=True) - fake_features.mean(0, keepdim=True)
    return difference.flatten(1).square().sum(1)


@wrong("feature_matching_loss", caught_by="double_precision", diagnosis="dtype", says="dtype")
def to_float(real_features, fake_features):
    return (real_features.float().mean(0) - fake_features.float().mean(0)).square().sum()


@right("feature_matching_loss")
def summed_squared_error(real_features, fake_features):
    return F.mse_loss(fake_features.mean(0), real_features.mean(0), reduction="sum")


@right("feature_matching_loss")
def in_double_and_back_again(real_features, fake_features):
    gap = fake_features.double().mean(0) - real_features.double().mean(0)
    return torch.einsum("...,...->", gap, gap).to(real_features.dtype)


@right("feature_matching_loss")
def all_pairs_of_differences(real_features, fake_features):
    gaps = real_features[:, None] - fake_features[None]
    return gaps.mean((0, 1)).square().sum()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="factor", says="same factor, 0.5")
def half_the_square(real_features, fake_features):
    return (real_features.mean(0) - fake_features.mean(0)).square().sum() / 2


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="sign", says="sign is reversed")
def to_be_maximised(real_features, fake_features):
    return -(real_features.mean(0) - fake_features.mean(0)).square().sum()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="number")
def mean_of_each_sample(real_features, fake_features):
    real, fake = real_features.flatten(1).mean(1), fake_features.flatten(1).mean(1)
    return (real.mean() - fake.mean()).square()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="number")
def sums_of_batches(real_features, fake_features):
    return (real_features.sum(0) - fake_features.sum(0)).square().sum()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="number")
def means_and_variances(real_features, fake_features):
    gap = (real_features.mean(0) - fake_features.mean(0)).square().sum()
    return gap + (real_features.var(0, correction=0) - fake_features.var(0, correction=0)).square().sum()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="number")
def square_of_the_summed_gap(real_features, fake_features):
    return (real_features.mean(0) - fake_features.mean(0)).sum().square()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="number")
def difference_of_the_lengths(real_features, fake_features):
    return real_features.mean(0).square().sum() - fake_features.mean(0).square().sum()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="number")
def angle_between_the_means(real_features, fake_features):
    return 1 - F.cosine_similarity(real_features.mean(0).flatten(), fake_features.mean(0).flatten(), dim=0)


@wrong("feature_matching_loss", caught_by="equal_means", diagnosis="number")
def mean_square_of_all_pairs(real_features, fake_features):
    return (real_features[:, None] - fake_features[None]).square().flatten(2).sum(2).mean()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="shape", says="scalar")
def one_square_per_feature(real_features, fake_features):
    return (real_features.mean(0) - fake_features.mean(0)).square()


@wrong("feature_matching_loss", caught_by="two_batches", diagnosis="cut", says=".item()")
def ends_in_a_number(real_features, fake_features):
    return (real_features.mean(0) - fake_features.mean(0)).square().sum().item()


@wrong("feature_matching_loss", caught_by="unequal_batches", diagnosis="raises")
def subtracts_row_by_row(real_features, fake_features):
    return (real_features - fake_features).mean(0).square().sum()


@wrong("feature_matching_loss", caught_by="maps_of_features", diagnosis="raises")
def needs_a_matrix(real_features, fake_features):
    ones_r = real_features.new_ones(len(real_features)) / len(real_features)
    ones_f = fake_features.new_ones(len(fake_features)) / len(fake_features)
    return (
        torch.einsum("nd,n->d", real_features, ones_r)
        .sub(torch.einsum("nd,n->d", fake_features, ones_f))
        .square()
        .sum()
    )


@wrong("feature_matching_loss", caught_by="maps_of_features", diagnosis="number")
def sums_over_channels_only(real_features, fake_features):
    gap = (real_features.mean(0) - fake_features.mean(0)).square()
    return gap.sum(0).mean()


# --- smoothed_discriminator_loss --------------------------------------------------------------------------------------

bank.spoils(
    "smoothed_discriminator_loss",
    r"softplus|1 *[-−] *smooth|one minus smooth"
    r"|(the )?(rest|remainder)[^.?]*(1|one)[^.?]*(fake|other side)"
    r"|smooth[^.?]*(times|weighs|of the weight|[*·])[^.?]*(real|log)|full_like\([^)]*smooth"
    r"|binary_cross_entropy|weighs? (smooth|alpha)",
)


@right("smoothed_discriminator_loss")
def two_terms(real_logits, fake_logits, smooth):
    real = smooth * F.softplus(-real_logits) + (1 - smooth) * F.softplus(real_logits)
    return real.mean() + F.softplus(fake_logits).mean()


@right("smoothed_discriminator_loss")
def full_like(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    real = bce(real_logits, torch.full_like(real_logits, smooth))
    return real + bce(fake_logits, torch.zeros_like(fake_logits))


@right("smoothed_discriminator_loss")
def softplus_minus_target(real_logits, fake_logits, smooth):
    return (F.softplus(real_logits) - smooth * real_logits).mean() + F.softplus(fake_logits).mean()


@right("smoothed_discriminator_loss")
def log_sigmoids(real_logits, fake_logits, smooth):
    real = smooth * F.logsigmoid(real_logits).mean() + (1 - smooth) * F.logsigmoid(-real_logits).mean()
    return -real - F.logsigmoid(-fake_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="number")
def both_sides(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    real = bce(real_logits, torch.full_like(real_logits, smooth))
    return real + bce(fake_logits, torch.full_like(fake_logits, 1 - smooth))


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="number")
def the_fake_side(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    real = bce(real_logits, torch.ones_like(real_logits))
    return real + bce(fake_logits, torch.full_like(fake_logits, 1 - smooth))


@wrong("smoothed_discriminator_loss", caught_by="overconfident", diagnosis="number")
def a_weight_instead_of_a_target(real_logits, fake_logits, smooth):
    return smooth * F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="another_target", diagnosis="number")
def always_point_nine(real_logits, fake_logits, smooth):
    real = 0.9 * F.softplus(-real_logits) + 0.1 * F.softplus(real_logits)
    return real.mean() + F.softplus(fake_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="number")
def smooth_means_the_rest(real_logits, fake_logits, smooth):
    real = (1 - smooth) * F.softplus(-real_logits) + smooth * F.softplus(real_logits)
    return real.mean() + F.softplus(fake_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="unequal_batches", diagnosis="number")
def one_mean(real_logits, fake_logits, smooth):
    logits = torch.cat([real_logits, fake_logits])
    targets = torch.cat([torch.full_like(real_logits, smooth), torch.zeros_like(fake_logits)])
    return 2 * F.binary_cross_entropy_with_logits(logits, targets)


@wrong("smoothed_discriminator_loss", caught_by="overconfident", diagnosis="number")
def probabilities(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy
    real = bce(torch.sigmoid(real_logits), torch.full_like(real_logits, smooth))
    return real + bce(torch.sigmoid(fake_logits), torch.zeros_like(fake_logits))


@wrong("smoothed_discriminator_loss", caught_by="confident_and_wrong", diagnosis="number")
def a_constant_in_the_log(real_logits, fake_logits, smooth):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    real_loss = smooth * torch.log(real + 1e-8) + (1 - smooth) * torch.log(1 - real + 1e-8)
    return -real_loss.mean() - torch.log(1 - fake + 1e-8).mean()


@wrong("smoothed_discriminator_loss", caught_by="no_smoothing", diagnosis="random")
def random_soft_labels(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    real = bce(real_logits, torch.empty_like(real_logits).uniform_(smooth - 0.2, smooth + 0.1))
    return real + bce(fake_logits, torch.zeros_like(fake_logits))


@wrong("smoothed_discriminator_loss", caught_by="batch_of_one", diagnosis="shape", says="shape")
def mean_over_the_batch_axis_only(real_logits, fake_logits, smooth):
    real = F.softplus(real_logits) - smooth * real_logits
    return real.mean(0) + F.softplus(fake_logits).mean(0)


@wrong("smoothed_discriminator_loss", caught_by="double_precision", diagnosis="dtype", says="dtype")
def single_precision_logits(real_logits, fake_logits, smooth):
    real_logits, fake_logits = real_logits.float(), fake_logits.float()
    return (F.softplus(real_logits) - smooth * real_logits).mean() + F.softplus(fake_logits).mean()


@right("smoothed_discriminator_loss")
def logaddexp_of_zero(real_logits, fake_logits, smooth):
    zero_r, zero_f = torch.zeros_like(real_logits), torch.zeros_like(fake_logits)
    real = torch.logaddexp(zero_r, real_logits) - smooth * real_logits
    return real.sum() / real.numel() + torch.logaddexp(zero_f, fake_logits).sum() / fake_logits.numel()


@right("smoothed_discriminator_loss")
def in_double(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    real, fake = real_logits.double(), fake_logits.double()
    total = bce(real, torch.ones_like(real) * smooth) + bce(fake, torch.zeros_like(fake))
    return total.to(real_logits.dtype)


@right("smoothed_discriminator_loss")
def two_classes(real_logits, fake_logits, smooth):
    real = torch.stack([real_logits.flatten(), torch.zeros_like(real_logits).flatten()], 1).log_softmax(1)
    fake = torch.stack([fake_logits.flatten(), torch.zeros_like(fake_logits).flatten()], 1).log_softmax(1)
    return -(smooth * real[:, 0] + (1 - smooth) * real[:, 1]).mean() - fake[:, 1].mean()


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="factor", says="same factor, 0.5")
def average_of_the_two(real_logits, fake_logits, smooth):
    return two_terms(real_logits, fake_logits, smooth) / 2


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="sign", says="sign is reversed")
def the_value_to_climb(real_logits, fake_logits, smooth):
    return -two_terms(real_logits, fake_logits, smooth)


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="number")
def real_half_alone(real_logits, fake_logits, smooth):
    return (F.softplus(real_logits) - smooth * real_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="number")
def no_smoothing_at_all(real_logits, fake_logits, smooth):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="number")
def shrunken_logits(real_logits, fake_logits, smooth):
    return F.softplus(-smooth * real_logits).mean() + F.softplus(fake_logits).mean()


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="number")
def least_squares(real_logits, fake_logits, smooth):
    return (torch.sigmoid(real_logits) - smooth).square().mean() + torch.sigmoid(fake_logits).square().mean()


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="number")
def the_same_target_for_fakes(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    return bce(real_logits, torch.full_like(real_logits, smooth)) + bce(
        fake_logits, torch.full_like(fake_logits, smooth)
    )


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="number")
def smoothing_as_in_classification(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    target = smooth + (1 - smooth) / 2
    return bce(real_logits, torch.full_like(real_logits, target)) + bce(fake_logits, torch.zeros_like(fake_logits))


@wrong("smoothed_discriminator_loss", caught_by="overconfident", diagnosis="nan")
def bare_logarithms(real_logits, fake_logits, smooth):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -(smooth * real.log() + (1 - smooth) * (1 - real).log()).mean() - (1 - fake).log().mean()


@wrong("smoothed_discriminator_loss", caught_by="overconfident", diagnosis="number")
def logits_clamped(real_logits, fake_logits, smooth):
    return two_terms(real_logits.clamp(-20, 20), fake_logits.clamp(-20, 20), smooth)


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="slope", says="gradient")
def only_the_fake_side_learns(real_logits, fake_logits, smooth):
    return two_terms(real_logits.detach(), fake_logits, smooth)


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="shape", says="scalar")
def every_loss_for_itself(real_logits, fake_logits, smooth):
    bce = F.binary_cross_entropy_with_logits
    real = bce(real_logits, torch.full_like(real_logits, smooth), reduction="none")
    return torch.cat([real, F.softplus(fake_logits)])


@wrong("smoothed_discriminator_loss", caught_by="double_precision", diagnosis="raises")
def labels_by_hand(real_logits, fake_logits, smooth):
    loss = nn.BCEWithLogitsLoss()
    labels = torch.full((len(real_logits),), smooth)
    return loss(real_logits.squeeze(1), labels) + loss(fake_logits, torch.zeros(len(fake_logits)))


@wrong("smoothed_discriminator_loss", caught_by="two_batches", diagnosis="type", says="scalar")
def a_loss_for_each_batch(real_logits, fake_logits, smooth):
    return (F.softplus(real_logits) - smooth * real_logits).mean(), F.softplus(fake_logits).mean()


# --- minibatch_features -----------------------------------------------------------------------------------------------

bank.spoils(
    "minibatch_features",
    r"einsum|\[:, *None\]|[-−] *1\b(?!00|\.)[^.?]*(itself|self)"
    r"|(itself|self)[^.?]*(subtract|take off|minus|[-−]) *(1|one)|subtract (1|one)|exp\([-−]"
    r"|(negative|minus)[^.?]*(distance|L1)[^.?]*exp|exp[^.?]*(of )?(the )?(minus|negative)|\.abs\(\)"
    r"|sum\(\w*\) *[-−] *1\b|(take|taken|takes)[^.?]*itself[^.?]*off|itself[^.?]*\b(1|one)\b[^.?]*\boff",
)


@right("minibatch_features")
def minus_oneself(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return torch.exp(-(m.unsqueeze(0) - m.unsqueeze(1)).abs().sum(3)).sum(0) - 1


@right("minibatch_features")
def masked(features, kernel):
    n, (f, b, c) = len(features), kernel.shape
    m = (features @ kernel.view(f, b * c)).view(n, b, c)
    closeness = torch.exp(-torch.linalg.vector_norm(m[:, None] - m[None, :], ord=1, dim=-1))
    others = 1 - torch.eye(n, dtype=m.dtype)
    return torch.einsum("ijb,ij->ib", closeness, others)


@right("minibatch_features")
def loops(features, kernel):
    m = torch.tensordot(features, kernel, dims=1)
    rows = []
    for i in range(len(m)):
        row = torch.zeros_like(m[i, :, 0])
        for j in range(len(m)):
            if j != i:
                row = row + (-(m[i] - m[j]).abs().sum(-1)).exp()
        rows.append(row)
    return torch.stack(rows)


@right("minibatch_features")
def cdist_per_row(features, kernel):
    m = torch.einsum("nf,fbc->bnc", features, kernel)
    return torch.stack([(-torch.cdist(row, row, p=1)).exp().sum(1) - 1 for row in m], dim=1)


@right("minibatch_features")
def filled_diagonal(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    distance = (m[:, None] - m[None]).abs().sum(-1)
    itself = torch.eye(len(m), dtype=torch.bool)[..., None]
    return distance.masked_fill(itself, float("inf")).neg().exp().sum(1)


@wrong("minibatch_features", caught_by="batch_of_one", diagnosis="constant", says="same constant, 1")
def self_included(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1)


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def euclidean(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    squared = (m[:, None] - m[None]).square().sum(-1)
    return (-(squared + 1e-12).sqrt()).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def without_abs(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).sum(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def mean_over_c(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs().mean(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="collapsed", diagnosis="number")
def mean_over_the_others(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    total = (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1
    return total / max(1, len(m) - 1)


@wrong("minibatch_features", caught_by="collapsed", diagnosis="number")
def mean_over_all(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().mean(1)


@wrong("minibatch_features", caught_by="batch_and_rows_of_one_size", diagnosis="shape", says="shape")
def sums_over_rows(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(2) - 1


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def rows_and_columns_swapped(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    n, b, c = m.shape
    m = m.reshape(n, c, b).transpose(1, 2)
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def exp_before_the_sum(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs()).exp().sum(-1).sum(1) - kernel.shape[2]


@wrong("minibatch_features", caught_by="far_apart", diagnosis="number")
def distances_with_the_wrong_sign(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (m[:, None] - m[None]).abs().sum(-1).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="one_row_of_one", diagnosis="shape", says="shape")
def squeezed(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return ((-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1).squeeze(-1)


@wrong("minibatch_features", caught_by="small_batch", diagnosis="shape")
def appended_to_the_features(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return torch.cat([features, (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1], dim=1)


@wrong("minibatch_features", caught_by="double_precision", diagnosis="dtype", says="dtype")
def single_out(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return ((-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1).float()


@wrong("minibatch_features", caught_by="small_batch", diagnosis="cut", says="no gradient")
def counted_without_gradient(features, kernel):
    with torch.no_grad():
        m = torch.einsum("nf,fbc->nbc", features, kernel)
        return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1


@right("minibatch_features")
def pair_by_pair(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    rows = [sum(((-(m[i] - m[j]).abs().sum(-1)).exp() for j in range(len(m)) if j != i), 0 * m[i].sum(-1))
            for i in range(len(m))]  # fmt: skip
    return torch.stack(rows)


@right("minibatch_features")
def in_double_and_back(features, kernel):
    m = torch.tensordot(features.double(), kernel.double(), dims=1)
    return ((-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(0) - 1).to(features.dtype)


@right("minibatch_features")
def product_over_columns(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    closeness = (-(m[:, None] - m[None]).abs()).exp().prod(-1)
    return closeness.sum(1) - closeness.diagonal().T


@right("minibatch_features")
def rolled_batches(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    total = torch.zeros_like(m[..., 0])
    for shift in range(1, len(m)):
        total = total + (m - m.roll(shift, 0)).abs().sum(-1).neg().exp()
    return total


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def squared_distances(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).square().sum(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def sum_of_distances(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (m[:, None] - m[None]).abs().sum(-1).sum(1)


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def exp_of_the_summed_distance(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs().sum(-1).sum(1)).exp()


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def every_pair_once(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    closeness = (-(m[:, None] - m[None]).abs().sum(-1)).exp()
    earlier = torch.ones(len(m), len(m), dtype=m.dtype).tril(-1)
    return (closeness * earlier[..., None]).sum(1)


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def features_without_the_kernel(features, kernel):
    closeness = (-(features[:, None] - features[None]).abs().sum(-1)).exp().sum(1) - 1
    return closeness[:, None].expand(-1, kernel.shape[1])


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def distance_over_rows_and_columns(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    closeness = (-(m[:, None] - m[None]).abs().sum((-1, -2))).exp().sum(1) - 1
    return closeness[:, None].expand(-1, m.shape[1])


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def n_ones_taken_off(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - len(m)


@wrong("minibatch_features", caught_by="collapsed", diagnosis="number")
def twins_left_out(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    distance = (m[:, None] - m[None]).abs().sum(-1)
    return ((-distance).exp() * (distance > 0)).sum(1)


@wrong("minibatch_features", caught_by="small_batch", diagnosis="number")
def nearest_other_only(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    distance = (m[:, None] - m[None]).abs().sum(-1)
    itself = torch.eye(len(m), dtype=torch.bool)[..., None]
    return (-distance.masked_fill(itself, 1e9)).exp().amax(1)


@wrong("minibatch_features", caught_by="small_batch", diagnosis="slope", says="gradient")
def the_others_as_constants(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None].detach()).abs().sum(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch", diagnosis="nan slope", says="nan")
def root_of_the_square(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return (-(m[:, None] - m[None]).square().sqrt().sum(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch", diagnosis="random", says="random")
def a_kernel_of_its_own(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, torch.randn_like(kernel))
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch", diagnosis="raises")
def kernel_of_three_axes_as_a_matrix(features, kernel):
    m = features @ kernel
    return (-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1


@wrong("minibatch_features", caught_by="small_batch", diagnosis="shape", says="shape")
def one_number_per_sample(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    return ((-(m[:, None] - m[None]).abs().sum(-1)).exp().sum(1) - 1).sum(1)


@right("minibatch_features")
def off_diagonal_by_reshaping(features, kernel):
    m = torch.einsum("nf,fbc->nbc", features, kernel)
    n, b, _ = m.shape
    closeness = (-(m[:, None] - m[None]).abs().sum(-1)).exp()
    others = closeness.flatten(0, 1)[1:].view(n - 1, n + 1, b)[:, :-1].reshape(n, -1, b)
    return others.sum(1)


# --- virtual_batch_norm -----------------------------------------------------------------------------------------------

bank.spoils(
    "virtual_batch_norm",
    r"torch\.cat|concatenat|correction=0|unbiased=False|sqrt\(|\+ *eps|append[^.?]*(x\[i\]|sample|itself)"
    r"|(reference|batch)[^.?]*(together with|joined by|plus|and) (x\[i\]|the sample itself|itself)"
    r"|stack\w* [^.?]*(sample|x\[i\]|reference)"
    r"|(add|put|join)\w* (the sample|x\[i\]|it) (itself )?(to|on)[^.?]*reference",
)


@right("virtual_batch_norm")
def one_by_one(x, reference, eps):
    rows = []
    for sample in x:
        both = torch.cat([reference, sample.unsqueeze(0)])
        mean = both.mean(0)
        variance = ((both - mean) ** 2).mean(0)
        rows.append((sample - mean) / torch.sqrt(variance + eps))
    return torch.stack(rows)


@right("virtual_batch_norm")
def running_sums(x, reference, eps):
    m = len(reference)
    mean = (reference.sum(0) + x) / (m + 1)
    square = (reference.square().sum(0) + x.square()) / (m + 1)
    return (x - mean) * (square - mean.square() + eps).rsqrt()


@right("virtual_batch_norm")
def weighted_statistics(x, reference, eps):
    """As in the paper's code: a share 1/(m + 1) for the sample, the rest for the reference."""
    share = 1 / (len(reference) + 1)
    mean_r, var_r = reference.mean(0), reference.var(0, correction=0)
    mean = share * x + (1 - share) * mean_r
    variance = (1 - share) * var_r + share * (1 - share) * (x - mean_r) ** 2
    return (x - mean) / (variance + eps) ** 0.5


@right("virtual_batch_norm")
def library_batch_norm(x, reference, eps):
    rows = [
        F.batch_norm(torch.cat([x[i : i + 1], reference]), None, None, training=True, eps=eps) for i in range(len(x))
    ]
    return torch.stack([row[0] for row in rows])


@right("virtual_batch_norm")
def expanded(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    variance, mean = torch.var_mean(union, dim=1, correction=0)
    return (x - mean) / torch.sqrt(variance + eps)


@wrong("virtual_batch_norm", caught_by="batch_of_one", diagnosis="number")
def batch_norm(x, reference, eps):
    return (x - x.mean(0)) / (x.var(0, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="number")
def reference_batch_norm(x, reference, eps):
    return (x - reference.mean(0)) / (reference.var(0, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="one_far_sample", diagnosis="number")
def the_whole_batch_with_the_reference(x, reference, eps):
    both = torch.cat([reference, x])
    return (x - both.mean(0)) / (both.var(0, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="reference_of_one", diagnosis="number")
def unbiased(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    return (x - union.mean(1)) / (union.var(1) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="large_eps", diagnosis="number")
def eps_outside_the_root(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    return (x - union.mean(1)) / (union.std(1, correction=0) + eps)


@wrong("virtual_batch_norm", caught_by="constant_feature", diagnosis="number")
def no_eps(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    return (x - union.mean(1)) / union.std(1, correction=0)


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="number")
def divides_by_the_variance(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    return (x - union.mean(1)) / (union.var(1, correction=0) + eps)


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="number")
def half_and_half(x, reference, eps):
    mean = (x + reference.mean(0)) / 2
    square = (x.square() + reference.square().mean(0)) / 2
    return (x - mean) / (square - mean.square() + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="slope", says="gradient with respect to x")
def statistics_as_constants(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1).detach()
    return (x - union.mean(1)) / (union.var(1, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="number")
def over_the_features(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    mean, variance = union.mean((1, 2)), union.var((1, 2), correction=0)
    return (x - mean[:, None]) / (variance[:, None] + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="double_precision", diagnosis="dtype", says="dtype")
def float_statistics(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1).float()
    return ((x - union.mean(1)) / (union.var(1, correction=0) + eps).sqrt()).float()


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="argument", says="modified")
def centres_the_reference_in_place(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    result = (x - union.mean(1)) / (union.var(1, correction=0) + eps).sqrt()
    reference -= reference.mean(0)
    return result


@right("virtual_batch_norm")
def updated_one_by_one(x, reference, eps):
    """Welford: how mean and sum of squares change when one sample joins."""
    m, mean = len(reference), reference.mean(0)
    squares = ((reference - mean) ** 2).sum(0)
    away = x - mean
    variance = (squares + away.square() * m / (m + 1)) / (m + 1)
    return away * (m / (m + 1)) / (variance + eps).sqrt()


@right("virtual_batch_norm")
def in_double_and_back(x, reference, eps):
    together = torch.stack([torch.cat([reference, x_i[None]]) for x_i in x.double()])
    spread = together.var(1, correction=0) + eps
    return ((x - together.mean(1)) * spread.pow(-0.5)).to(x.dtype)


@right("virtual_batch_norm")
def mean_of_squares_about_the_mean(x, reference, eps):
    m = len(reference)
    mean = torch.einsum("md->d", reference) / (m + 1) + x / (m + 1)
    squares = (reference[None] - mean[:, None]).square().sum(1) + (x - mean).square()
    return torch.div(x - mean, torch.sqrt(squares / (m + 1) + eps))


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="slope", says="reference")
def reference_as_a_constant(x, reference, eps):
    return expanded(x, reference.detach(), eps)


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="slope", says="x")
def own_part_as_a_constant(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None].detach()], dim=1)
    return (x - union.mean(1)) / (union.var(1, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="number")
def the_batch_grows(x, reference, eps):
    rows, both = [], reference
    for sample in x:
        both = torch.cat([both, sample[None]])
        rows.append((sample - both.mean(0)) / (both.var(0, correction=0) + eps).sqrt())
    return torch.stack(rows)


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="number")
def mean_of_both_variance_of_the_reference(x, reference, eps):
    mean = (reference.sum(0) + x) / (len(reference) + 1)
    return (x - mean) / (reference.var(0, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="number")
def mean_of_the_reference_variance_of_both(x, reference, eps):
    union = torch.cat([reference.expand(len(x), -1, -1), x[:, None]], dim=1)
    return (x - reference.mean(0)) / (union.var(1, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="number")
def variances_averaged_means_forgotten(x, reference, eps):
    """The variance of the mixture without the part between the means."""
    share = 1 / (len(reference) + 1)
    mean = share * x + (1 - share) * reference.mean(0)
    return (x - mean) / ((1 - share) * reference.var(0, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="reference_of_one", diagnosis="number")
def divides_by_m(x, reference, eps):
    m = len(reference)
    mean = (reference.sum(0) + x) / m
    square = (reference.square().sum(0) + x.square()) / m
    return (x - mean) / (square - mean.square() + eps).abs().sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="number")
def shares_swapped(x, reference, eps):
    share = len(reference) / (len(reference) + 1)
    mean = share * x + (1 - share) * reference.mean(0)
    variance = (1 - share) * reference.var(0, correction=0) + share * (1 - share) * (x - reference.mean(0)) ** 2
    return (x - mean) / (variance + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="large_eps", diagnosis="number")
def eps_built_in(x, reference, eps):
    return expanded(x, reference, 1e-5)


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="number")
def only_centred(x, reference, eps):
    return x - (reference.sum(0) + x) / (len(reference) + 1)


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="shape", says="shape")
def keeps_the_reference_rows(x, reference, eps):
    both = torch.cat([reference, x])
    return (both - both.mean(0)) / (both.var(0, correction=0) + eps).sqrt()


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="cut", says="no gradient")
def without_a_gradient(x, reference, eps):
    with torch.no_grad():
        return expanded(x, reference, eps)


@wrong("virtual_batch_norm", caught_by="small_batch", diagnosis="raises")
def cat_of_a_row_and_a_matrix(x, reference, eps):
    rows = [torch.cat([reference, sample]) for sample in x]
    return torch.stack([(s - r.mean(0)) / (r.var(0, correction=0) + eps).sqrt() for s, r in zip(x, rows, strict=True)])


@wrong("virtual_batch_norm", caught_by="constant_feature", diagnosis="raises")
def a_layer_of_single_precision(x, reference, eps):
    layer = nn.BatchNorm1d(x.shape[1], eps=eps, affine=True)
    return torch.stack([layer(torch.cat([sample[None], reference]))[0] for sample in x])
